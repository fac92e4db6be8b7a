# SPDX-License-Identifier: Apache-2.0
"""Sessions of the profiles, and what AWS's errors mean for the one who reads them."""

import difflib
import re

import boto3
import botocore.config
import botocore.exceptions as aws

from evclean_aws.problem import SYSTEM, Problem

_CONFIG = botocore.config.Config(retries={"max_attempts": 4, "mode": "standard"}, connect_timeout=10, read_timeout=60)


def profile_text(profile):
    return f"profile {profile}" if profile else "the default credentials"


def session(profile, region):
    """A boto3 session. Problem for a profile that is not there."""
    available = boto3.session.Session().available_profiles
    if profile is not None and profile not in available:
        near = difflib.get_close_matches(profile, available, 1)
        have = f"did you mean {near[0]}?" if near else (
            f"there are: {', '.join(available)}" if available else "there is none at all")
        raise Problem(f"profiles: there is no profile '{profile}'",
                      f"{have} (make it with: aws configure --profile {profile})")
    return boto3.session.Session(profile_name=profile, region_name=region)


class Account:
    """One identity in one region; clients are made once."""

    def __init__(self, profile, region):
        self.profile, self.region = profile, region
        self._session = session(profile, region)
        self._clients = {}
        self._identity = None

    def client(self, service, region=None):
        key = service, region or self.region
        if key not in self._clients:
            self._clients[key] = self._session.client(service, region_name=key[1], config=_CONFIG)
        return self._clients[key]

    def identity(self):
        """{'Account', 'Arn'} as STS knows it. Problem when the credentials are no good."""
        if self._identity is None:
            self._identity = call("find out who you are", self.profile, self.client("sts").get_caller_identity)
        return self._identity


def code_of(error):
    return error.response.get("Error", {}).get("Code", "") if isinstance(error, aws.ClientError) else ""


def call(doing, profile, function, **arguments):
    """function(**arguments); AWS's errors become a Problem that says what to change."""
    try:
        return function(**arguments)
    except (aws.ClientError, aws.BotoCoreError) as error:
        raise explain(doing, profile, error) from error


_CURES = [
    (("InvalidClientTokenId", "UnrecognizedClientException", "InvalidAccessKeyId", "AuthFailure"),
     "AWS does not know this access key: it was deleted, or belongs to another partition. New keys: aws configure{profile}"),
    (("SignatureDoesNotMatch", "IncompleteSignature"),
     "the secret key does not belong to the access key, or the clock is wrong: aws configure{profile}, date -u"),
    (("ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"),
     "the session has expired: aws sso login{profile}, or renew the temporary keys"),
    (("AccessDenied", "AccessDeniedException", "403", "UnauthorizedOperation", "Client.UnauthorizedOperation"),
     "{who} may not do this: attach the policy operator.json (evclean-aws doctor --policies prints it)"),
    (("OptInRequired",), "this region or service must first be enabled for the account"),
    (("InsufficientInstanceCapacity",), "the zone has none left: another zone, another instance type, or later"),
    (("VcpuLimitExceeded", "MaxSpotInstanceCountExceeded", "InstanceLimitExceeded"),
     "the account's quota is used up: fewer instances, or ask for more under Service Quotas (doctor shows the numbers)"),
    (("Throttling", "ThrottlingException", "RequestLimitExceeded", "SlowDown"), "AWS asks to slow down: try again in a minute"),
    (("InvalidKeyPair.NotFound",), "the key pair is not in this region: evclean-aws keys create, or keys import"),
    (("InvalidSubnetID.NotFound",), "the subnet is not in this region: evclean-aws doctor says where it is"),
    (("NoSuchBucket",), "there is no such bucket"),
    (("PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException"),
     "the bucket is in another region"),
]


def explain(doing, profile, error):
    """The Problem that an error of AWS is: what was tried, what AWS said, what to change."""
    by = profile_text(profile)
    option = f" --profile {profile}" if profile else ""
    if isinstance(error, (aws.NoCredentialsError, aws.PartialCredentialsError)):
        return Problem(f"cannot {doing}: no AWS credentials for {by}", f"aws configure{option}, or set AWS_PROFILE")
    if isinstance(error, (aws.SSOTokenLoadError, aws.UnauthorizedSSOTokenError, aws.TokenRetrievalError)):
        return Problem(f"cannot {doing} as {by}: {error}", f"aws sso login{option}")
    if isinstance(error, (aws.EndpointConnectionError, aws.ConnectTimeoutError, aws.ReadTimeoutError, aws.ProxyConnectionError)):
        return Problem(f"cannot {doing}: {error}", "no such region, or no way to the network", SYSTEM)
    if not isinstance(error, aws.ClientError):
        return Problem(f"cannot {doing} as {by}: {error}", "", SYSTEM)
    code, message = code_of(error), error.response.get("Error", {}).get("Message", str(error))
    cure = next((text for codes, text in _CURES if code in codes), "")
    return Problem(f"cannot {doing} as {by}: {code}: {_first_lines(message)}", cure.format(profile=option, who=by),
                   SYSTEM if code.startswith(("Internal", "Service", "5")) else 2)


def _first_lines(text):
    text = re.sub(r"<[^>]+>", " ", text)  # an HTML page of something in between
    return " ".join(text.split())[:400]
