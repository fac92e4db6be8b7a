# SPDX-License-Identifier: Apache-2.0
"""Regions and zones: "us-east-1a" is a zone of the region "us-east-1"."""

import difflib
import functools
import re

import boto3

from evclean_aws.problem import Problem

_REGION = re.compile(r"^[a-z]{2}(-[a-z]+)+-\d+$")
_ZONE = re.compile(r"^([a-z]{2}(?:-[a-z]+)+-\d+)[a-z]$")


def region_of_zone(zone):
    """The region a zone's name holds, or None when it is no zone's name."""
    found = _ZONE.match(zone)
    return found.group(1) if found else None


@functools.lru_cache(maxsize=None)
def known_regions():
    session = boto3.session.Session()
    names = set()
    for partition in session.get_available_partitions():
        names.update(session.get_available_regions("emr", partition_name=partition))
    return names


def check_region(name, key="region_name"):
    region = region_of_zone(name)
    if region:
        raise Problem(f"{key}: '{name}' is an availability zone, not a region",
                      f"write {key}: {region}, and zone: {name} if it must be that zone")
    known = known_regions()
    if name in known:
        return
    near = difflib.get_close_matches(name, known, 1)
    hint = f"did you mean {near[0]}?" if near else "regions look like us-east-1 or eu-central-1"
    if _REGION.match(name) and not near:
        hint = f"this version of boto3 knows {', '.join(sorted(known))}"
    raise Problem(f"{key}: there is no region '{name}'", hint)


def check_zone(zone, region):
    """The zone's name must belong to the region; whether it exists there, AWS says (doctor)."""
    if zone in known_regions():
        raise Problem(f"zone: '{zone}' is a region, not a zone", f"write zone: {zone}a, or leave `zone` out")
    of = region_of_zone(zone)
    if of is None:
        raise Problem(f"zone: '{zone}' is not the name of a zone", f"zones of {region} look like {region}a")
    if of != region:
        raise Problem(f"zone: {zone} is in {of}, but region_name is {region}",
                      f"write zone: {region}{zone[-1]}, or region_name: {of}")
