# SPDX-License-Identifier: Apache-2.0
"""What stops a command: said once, with what to change."""

import re

USER, SYSTEM = 2, 3


class Problem(Exception):
    """The command cannot go on. `cure` says what to change; `code` is the exit code (2: yours, 3: AWS's or the machine's)."""

    def __init__(self, message, cure="", code=USER):
        super().__init__(message)
        self.message, self.cure, self.code = message, cure, code

    def text(self):
        return self.message + (f"\n  {self.cure}" if self.cure else "")


# Nothing that AWS signs or is signed with may reach a terminal or a log, not even inside an error message of AWS.
_SECRETS = [
    (re.compile(r"\b((?:AKIA|ASIA|AIDA|AROA)[A-Z0-9]{4})[A-Z0-9]{8,}\b"), r"\1…"),
    (re.compile(r"(?i)\b((?:x-amz-(?:signature|security-token|credential)|aws_secret_access_key|aws_session_token|"
                r"secret_?access_?key|session_?token|signature)[\"']?\s*[=:]\s*[\"']?)[^\s\"'&,]+"), r"\1…"),
    (re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL), "(a private key)"),
]


def without_secrets(text):
    for pattern, shown in _SECRETS:
        text = pattern.sub(shown, text)
    # Text from AWS, S3 and logs is not for the terminal to obey.
    return "".join(c if c in "\n\t" or c.isprintable() else f"\\x{ord(c):02x}" for c in text)
