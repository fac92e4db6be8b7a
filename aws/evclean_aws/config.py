# SPDX-License-Identifier: Apache-2.0
"""config.yml: one section named after what is to run it (emr, ec2 or parallelcluster), and the jobs."""

import difflib
import pathlib
import re
from typing import Annotated, Literal, Optional

import pydantic
from pydantic import BaseModel, ConfigDict, Field

from evclean_aws import instances, placed_yaml, regions
from evclean_aws.problem import Problem

KINDS = ("emr", "ec2", "parallelcluster")


def _bucket_path(value: str) -> str:
    if not re.match(r"^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/|$)", value):
        raise ValueError("must be a path like s3://bucket/folder/ (names of buckets are lower case)")
    return value.rstrip("/") + "/"


BucketPath = Annotated[str, pydantic.AfterValidator(_bucket_path)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class Profiles(_Strict):
    """Names of profiles of the AWS command line; without one the usual search (environment, default, instance role)."""

    cluster: Optional[str] = None  # makes clusters, reads and writes code_path and log_path
    data: Optional[str] = None     # owns the buckets that jobs read, where another account does


class Cluster(_Strict):
    cluster_name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9-]{0,59}$")]
    region_name: str
    zone: Optional[str] = None
    subnet: Annotated[Optional[str], Field(pattern=r"^subnet-[0-9a-f]{8,17}$")] = None
    instances: Annotated[int, Field(ge=1, le=1000)]
    instance_type: str = "r6i.2xlarge"
    market: Literal["on_demand", "spot"] = "on_demand"
    key_pairs: dict[str, str] = {}
    log_path: BucketPath
    code_path: BucketPath
    auto_terminate: bool = True
    idle_hours: Annotated[float, Field(gt=0, le=168)] = 1  # a cluster that was kept ends after this long without a step
    expected_hours: Annotated[Optional[float], Field(gt=0)] = None
    profiles: Profiles = Profiles()
    instance_profile: Optional[str] = None
    service_role: str = "EMR_DefaultRole"
    release: Annotated[str, Field(pattern=r"^emr-\d+\.\d+\.\d+$")] = "emr-7.5.0"
    security_configuration: Optional[str] = None
    ssh_from: Annotated[Optional[str], Field(pattern=r"^\d+\.\d+\.\d+\.\d+/\d+$")] = None
    shared_folder: Annotated[Optional[str], Field(pattern=r"^/")] = None
    kms_key: Optional[str] = None
    ranks_per_node: Annotated[Optional[int], Field(ge=1)] = None
    memory_per_rank: Annotated[Optional[str], Field(pattern=r"^[0-9]+(MiB|GiB)$")] = None
    retries: Annotated[int, Field(ge=0, le=10)] = 1  # starts a step again on the nodes that are left when one was lost
    tags: dict[str, str] = {}


class Config(_Strict):
    kind: Literal["emr", "ec2", "parallelcluster"]
    cluster: Cluster
    bundle: Optional[str] = None
    jobs: list[str] = []
    path: pathlib.Path

    @property
    def key_pair(self):
        """The key pair of the cluster's region, or None."""
        return self.cluster.key_pairs.get(self.cluster.region_name)

    @property
    def instance_profile(self):
        return self.cluster.instance_profile or ("EMR_EC2_DefaultRole" if self.kind == "emr" else "evclean-node")

    def resolve(self, path):
        return (self.path.parent / path).resolve()


def _near(word, words):
    near = difflib.get_close_matches(word, words, 1)
    return f"did you mean '{near[0]}'?" if near else "known here: " + ", ".join(sorted(words))


def _words_at(where):
    """The keys that are known at a path of a pydantic error."""
    if where[:1] == ("cluster",):
        return Profiles.model_fields if where[1:2] == ("profiles",) else Cluster.model_fields
    return {name: None for name in (*KINDS, "bundle", "jobs")}


def _explain(error, kind, places, name):
    """One line of a pydantic error, with its place in the file."""
    path = tuple(kind if i == 0 and part == "cluster" else part for i, part in enumerate(error["loc"]))
    shown = ".".join(str(part) for part in path)
    line, column = places.get(path) or places.get(path[:-1]) or (1, 1)
    place = f"{name}:{line}:{column}: "
    if error["type"] == "extra_forbidden":
        return f"{place}unknown key '{path[-1]}': {_near(str(path[-1]), _words_at(error['loc'][:-1]))}"
    if error["type"] == "missing":
        return f"{place}{'.'.join(map(str, path[:-1]))} needs the key '{path[-1]}'"
    message = error["msg"].removeprefix("Value error, ")
    shown_value = "" if isinstance(error["input"], (dict, list)) else f" (found '{error['input']}')"
    if error["type"] == "string_pattern_mismatch":
        message = {"release": "must look like emr-7.5.0", "subnet": "must look like subnet-0123456789abcdef0",
                   "ssh_from": "must be addresses like 203.0.113.4/32", "memory_per_rank": "must be like 6GiB",
                   "cluster_name": "must be letters, digits and -, at most 60",
                   "shared_folder": "must be an absolute path"}.get(str(path[-1]), message)
    return f"{place}{shown}: {message}{shown_value}"


def _split(data, name):
    """(kind, section, the rest) of the file's top level."""
    if not isinstance(data, dict):
        raise Problem(f"{name}: there must be one section: emr:, ec2: or parallelcluster:", "see aws/config.example.yml")
    found = [kind for kind in KINDS if kind in data]
    if len(found) > 1:
        raise Problem(f"{name}: both {found[0]} and {found[1]} are there: which one is meant?", "keep one section")
    if not found:
        wrong = next(iter(data), "")
        raise Problem(f"{name}: no section emr, ec2 or parallelcluster (found '{wrong}')", _near(str(wrong), KINDS))
    return found[0], data[found[0]] or {}, {key: value for key, value in data.items() if key != found[0]}


def parse(text, path):
    """Problem with all mistakes of the file, each with its line."""
    name = str(path)
    data, places = placed_yaml.load(text, name)
    kind, section, rest = _split(data, name)
    try:
        config = Config(kind=kind, cluster=section, path=path, **{str(key): value for key, value in rest.items()})
    except pydantic.ValidationError as error:
        lines = [_explain(item, kind, places, name) for item in error.errors()]
        raise Problem("\n".join(lines)) from None
    except TypeError as error:  # `kind` or `path` written as keys of the file
        raise Problem(f"{name}: {error}") from None
    _check_meaning(config, places, name)
    return config


def _check_meaning(config, places, name):
    """What single values cannot show: regions, zones, types."""
    cluster = config.cluster

    def placed(key, check):
        try:
            check()
        except Problem as problem:
            line, column = places.get((config.kind, *key), (1, 1))
            raise Problem(f"{name}:{line}:{column}: {problem.message}", problem.cure) from None

    placed(("region_name",), lambda: regions.check_region(cluster.region_name))
    if cluster.zone:
        placed(("zone",), lambda: regions.check_zone(cluster.zone, cluster.region_name))
    for region in cluster.key_pairs:
        placed(("key_pairs", region), lambda r=region: regions.check_region(r, "key_pairs"))
    placed(("instance_type",), lambda: instances.check_type(cluster.instance_type))
    if cluster.shared_folder is None and config.kind == "parallelcluster":
        cluster.shared_folder = "/shared"


def read(path):
    path = pathlib.Path(path)
    try:
        return parse(path.read_text(encoding="utf-8"), path)
    except FileNotFoundError:
        raise Problem(f"there is no configuration file '{path}'",
                      "copy aws/config.example.yml to config.yml, or name yours with --config") from None
    except (OSError, UnicodeDecodeError) as error:
        raise Problem(f"cannot read '{path}': {error}") from None
