# SPDX-License-Identifier: Apache-2.0
"""YAML that knows where each key stands, so that a mistake can be shown with its line."""

import datetime
import re

import yaml

from evclean_aws.problem import Problem


class _Loader(yaml.SafeLoader):
    pass


# A YAML 1.1 reader takes 'no' for false and 2026-11-01 for a date; a configuration of names and paths wants text.
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag not in
            ("tag:yaml.org,2002:bool", "tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:value", "tag:yaml.org,2002:int")]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}

_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(true|false)$", re.I), list("tTfF"))
_Loader.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"^-?(0|[1-9][0-9]*)$"), list("-0123456789"))


def _walk(loader, node, path, places, name):
    places[path] = (node.start_mark.line + 1, node.start_mark.column + 1)
    if isinstance(node, yaml.MappingNode):
        result = {}
        for key_node, value_node in node.value:
            key = loader.construct_object(key_node)
            line, column = key_node.start_mark.line + 1, key_node.start_mark.column + 1
            if not isinstance(key, (str, int, float, bool)):
                raise Problem(f"{name}:{line}:{column}: a key must be a word")
            if key in result:
                raise Problem(f"{name}:{line}:{column}: the key '{key}' is written twice",
                              f"the first is in line {places[path + (key,)][0]}; keep one of them")
            result[key] = _walk(loader, value_node, path + (key,), places, name)
            places[path + (key,)] = (line, column)
        return result
    if isinstance(node, yaml.SequenceNode):
        return [_walk(loader, item, path + (i,), places, name) for i, item in enumerate(node.value)]
    value = loader.construct_object(node)
    return value.isoformat() if isinstance(value, (datetime.date, datetime.datetime)) else value


def load(text, name):
    """(data, places): places maps a path of keys to (line, column). Problem for what is no YAML."""
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        places = {}
        return (None if node is None else _walk(loader, node, (), places, name)), places
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f"{name}:{mark.line + 1}:{mark.column + 1}" if mark else name
        hint = "put the value in single quotes" if error.problem and "cannot start any token" in error.problem else ""
        if error.problem and "\\t" in error.problem:
            hint = "indent with blanks, not with tabs"
        raise Problem(f"{place}: this is not YAML: {error.problem or error.context}", hint) from None
    except yaml.YAMLError as error:
        raise Problem(f"{name}: this is not YAML: {error}") from None
    finally:
        loader.dispose()
