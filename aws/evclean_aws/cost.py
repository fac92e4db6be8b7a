# SPDX-License-Identifier: Apache-2.0
"""What a cluster costs: an estimate before, the actual hours after. Prices of the day when AWS tells them."""

import dataclasses
import datetime
import json

import botocore.exceptions as aws

from evclean_aws import instances

EMR_SHARE = 0.25  # EMR's fee, as a share of the on-demand price; the price list has it where it can be read


@dataclasses.dataclass
class Price:
    usd_per_hour: float
    source: str


def on_demand(account, config):
    """The price of an instance an hour."""
    name, region = config.cluster.instance_type, config.cluster.region_name
    wanted = {"instanceType": name, "regionCode": region, "operatingSystem": "Linux", "preInstalledSw": "NA", "tenancy": "Shared",
              "capacitystatus": "Used"}
    try:
        pages = account.client("pricing", "us-east-1").get_products(
            ServiceCode="AmazonEC2", Filters=[{"Type": "TERM_MATCH", "Field": k, "Value": v} for k, v in wanted.items()])
        product = json.loads(pages["PriceList"][0])
        term = next(iter(product["terms"]["OnDemand"].values()))
        price = float(next(iter(term["priceDimensions"].values()))["pricePerUnit"]["USD"])
        return Price(price, f"AWS's price list for {region}")
    except (aws.ClientError, aws.BotoCoreError, KeyError, IndexError, StopIteration, ValueError):
        where = "" if region == "us-east-1" else f"; {region} may cost up to 30 % more"
        return Price(instances.table()[name].usd_per_hour, f"the table of this program for us-east-1{where}")


def spot(account, config):
    """The spot price now, or None."""
    try:
        found = account.client("ec2").describe_spot_price_history(
            InstanceTypes=[config.cluster.instance_type], ProductDescriptions=["Linux/UNIX"], MaxResults=1,
            StartTime=datetime.datetime.now(datetime.timezone.utc))["SpotPriceHistory"]
        return Price(float(found[0]["SpotPrice"]), "the spot market now") if found else None
    except (aws.ClientError, aws.BotoCoreError, ValueError):
        return None


@dataclasses.dataclass
class Bill:
    lines: list
    total: float


def bill(account, config, hours):
    """What `hours` of the whole cluster cost; EC2 and EMR charge by the second, a minute at least."""
    cluster = config.cluster
    hours = max(hours, 1 / 60)
    full = on_demand(account, config)
    cheap = spot(account, config) if cluster.market == "spot" else None
    others = cluster.instances - 1 if config.kind == "emr" else cluster.instances
    leaders = cluster.instances - others
    lines, total = [], 0.0
    for count, price in ((leaders, full), (others, cheap or full)):
        if count > 0:
            part = count * hours * price.usd_per_hour
            total += part
            lines.append(f"{count} x {cluster.instance_type} x {hours:.2f} h x {price.usd_per_hour:.4f} USD = {part:.2f} USD ({price.source})")
    if config.kind == "emr":
        part = cluster.instances * hours * full.usd_per_hour * EMR_SHARE
        total += part
        lines.append(f"EMR's fee, {EMR_SHARE:.0%} of the on-demand price: {part:.2f} USD")
    return Bill(lines, total)


def hours_of(state, now=None):
    """How long a cluster has been there; None when that is not known."""
    if state.created is None:
        return None
    end = state.ended or (now or datetime.datetime.now(datetime.timezone.utc))
    return max(0.0, (end - state.created).total_seconds() / 3600)
