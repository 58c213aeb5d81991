"""Prints what botocore makes of the examples it ships, one JSON line each.

For each example the line holds the request as botocore's own serialiser writes it and, where the example has an
output, an answer written by the small encoders below together with what botocore's parser reads from it.

Values are printed in the form that fathom-cloud uses: moments as RFC 3339, bytes as base64, NaN as text.
"""

import base64
import datetime
import gzip
import json
import math
import os
import sys
import types
from xml.sax.saxutils import escape, quoteattr

import botocore
from botocore import handlers, parsers, serialize, utils
from botocore.awsrequest import HeadersDict
from botocore.model import ServiceModel
from botocore.utils import percent_encode_sequence

PREFERENCE = ["json", "rest-json", "rest-xml", "query", "ec2"]
DATA = os.path.join(os.path.dirname(botocore.__file__), "data")
UTC = datetime.timezone.utc


def moment(value):
    if isinstance(value, str):
        value = utils.parse_to_aware_datetime(value)
    value = value.astimezone(UTC)
    text = value.strftime("%Y-%m-%dT%H:%M:%S")
    if value.microsecond:
        text += (".%06d" % value.microsecond).rstrip("0")
    return text + "Z"


def plain(value):
    """A parsed value in the form of fathom-cloud."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, datetime.datetime):
        return moment(value)
    if isinstance(value, float) and (math.isnan(value) or math.isinf(value)):
        return {math.inf: "Infinity", -math.inf: "-Infinity"}.get(value, "NaN")
    if value is not None and not isinstance(value, (str, int, float)):
        raise ValueError(f"botocore gives a {type(value).__name__}")
    return value


def by_shape(shape, value):
    """An example's value with the types that its shape asks for."""
    kind = shape.type_name
    if kind == "structure" and isinstance(value, dict):
        if shape.is_document_type:
            return value
        return {key: by_shape(shape.members[key], item) for key, item in value.items() if key in shape.members}
    if kind == "list" and isinstance(value, list):
        return [by_shape(shape.member, item) for item in value]
    if kind == "map" and isinstance(value, dict):
        return {str(key): by_shape(shape.value, item) for key, item in value.items()}
    if kind == "timestamp":
        try:
            return utils.parse_to_aware_datetime(value)
        except Exception as error:
            raise ValueError("example has no timestamp") from error
    if kind == "blob":
        return str(value).encode()
    if kind in ("integer", "long"):
        return int(value)
    if kind in ("float", "double"):
        return float(value)
    if kind == "boolean":
        return value if isinstance(value, bool) else str(value).lower() == "true"
    if kind == "string":
        return value if isinstance(value, str) else json.dumps(value)
    raise ValueError(f"example gives {type(value).__name__} for {kind}")


def scalar_text(shape, value, stamp="iso8601"):
    kind = shape.type_name
    if kind == "boolean":
        return "true" if value else "false"
    if kind == "blob":
        return base64.b64encode(value).decode()
    if kind == "timestamp":
        form = shape.serialization.get("timestampFormat", stamp).lower()
        if form == "iso8601":
            return moment(value)
        if form == "rfc822":
            return value.astimezone(UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")
        return str(int(value.timestamp()))
    return str(value)


def xml_name(shape, name):
    if shape.type_name == "list" and shape.serialization.get("flattened"):
        item = shape.member.serialization.get("name")
        if item:
            return item
    return shape.serialization.get("name", name)


def xml(shape, value, name, out):
    kind = shape.type_name
    if kind == "structure":
        attributes, body = "", []
        for key, item in value.items():
            member = shape.members[key]
            if member.serialization.get("location") in ("header", "headers", "statusCode"):
                continue
            if member.serialization.get("xmlAttribute"):
                label = member.serialization["name"]
                if ":" in label:
                    attributes += ' xmlns:%s="http://example.com/"' % label.split(":")[0]
                attributes += " %s=%s" % (label, quoteattr(str(item)))
            else:
                xml(member, item, xml_name(member, key), body)
        out.append(f"<{name}{attributes}>{''.join(body)}</{name}>")
    elif kind == "list":
        if shape.serialization.get("flattened"):
            for item in value:
                xml(shape.member, item, name, out)
        else:
            body = []
            for item in value:
                xml(shape.member, item, shape.member.serialization.get("name", "member"), body)
            out.append(f"<{name}>{''.join(body)}</{name}>")
    elif kind == "map":
        flat = shape.serialization.get("flattened")
        body = []
        for key, item in value.items():
            entry = []
            xml(shape.key, key, shape.key.serialization.get("name", "key"), entry)
            xml(shape.value, item, shape.value.serialization.get("name", "value"), entry)
            tag = name if flat else "entry"
            body.append(f"<{tag}>{''.join(entry)}</{tag}>")
        out.append("".join(body) if flat else f"<{name}>{''.join(body)}</{name}>")
    else:
        out.append(f"<{name}>{escape(scalar_text(shape, value))}</{name}>")


def to_json(shape, value):
    kind = shape.type_name
    if kind == "structure":
        if shape.is_document_type:
            return value
        return {
            shape.members[key].serialization.get("name", key): to_json(shape.members[key], item)
            for key, item in value.items()
        }
    if kind == "list":
        return [to_json(shape.member, item) for item in value]
    if kind == "map":
        return {key: to_json(shape.value, item) for key, item in value.items()}
    if kind == "blob":
        return base64.b64encode(value).decode()
    if kind == "timestamp":
        form = shape.serialization.get("timestampFormat", "unixTimestamp")
        return value.timestamp() if form.lower() == "unixtimestamp" else scalar_text(shape, value)
    return value


def answer(protocol, operation, value):
    """An HTTP answer that carries the value."""
    shape = operation.output_shape
    status, headers, body = 200, {}, b""
    if shape is None:
        if protocol in ("query", "ec2"):
            body = b"<Response/>"
        return status, headers, body
    if protocol in ("query", "ec2"):
        parts = []
        wrapper = shape.serialization.get("resultWrapper")
        xml(shape, value, wrapper or f"{operation.name}Response", parts)
        text = "".join(parts)
        if wrapper:
            text = f'<{operation.name}Response xmlns="http://example.com/">{text}</{operation.name}Response>'
        return status, headers, text.encode()
    if protocol == "json":
        return status, headers, json.dumps(to_json(shape, value)).encode()
    rest = {}
    for key, item in value.items():
        member = shape.members[key]
        place = member.serialization.get("location")
        name = member.serialization.get("name", key)
        if place == "header" and member.type_name not in ("list", "map", "structure"):
            headers[name] = scalar_text(member, item, "rfc822")
        elif place == "headers":
            headers.update({name + label: text for label, text in item.items()})
        elif place == "statusCode":
            status = item
        elif place is None:
            rest[key] = item
    payload = shape.serialization.get("payload")
    if payload:
        if payload in rest:
            target = shape.members[payload]
            if target.type_name == "blob":
                body = rest[payload]
            elif target.type_name == "string":
                body = rest[payload].encode()
            elif protocol == "rest-json":
                body = json.dumps(to_json(target, rest[payload])).encode()
            else:
                parts = []
                xml(target, rest[payload], target.serialization.get("name", payload), parts)
                body = "".join(parts).encode()
    elif protocol == "rest-json":
        body = json.dumps(to_json(shape, rest)).encode()
    else:
        parts = []
        xml(shape, rest, f"{operation.name}Result", parts)
        body = "".join(parts).encode()
    return status, headers, body


def main():
    wanted = set(sys.argv[1:])
    for service in sorted(os.listdir(DATA)):
        root = os.path.join(DATA, service)
        if not os.path.isdir(root) or (wanted and service not in wanted):
            continue
        for version in sorted(os.listdir(root)):
            examples(service, os.path.join(root, version), version)


def examples(service, directory, version):
    path = os.path.join(directory, "examples-1.json")
    if not os.path.exists(path):
        return
    with open(path, encoding="utf-8") as file:
        found = json.load(file).get("examples", {})
    if not found:
        return
    model_path = os.path.join(directory, "service-2.json.gz")
    with gzip.open(model_path) as file:
        model = json.load(file)
    metadata = model["metadata"]
    offered = metadata.get("protocols") or [metadata["protocol"]]
    protocol = next((name for name in PREFERENCE if name in offered), None)
    if protocol is None:
        return
    service_model = ServiceModel(model, service)
    serializer = serialize.create_serializer(protocol, include_validation=False)
    parser = parsers.create_parser(protocol)
    print(json.dumps({"service": service, "model": model_path, "protocol": protocol}))
    for name, cases in sorted(found.items()):
        if name not in service_model.operation_names:
            continue
        operation = service_model.operation_model(name)
        for index, case in enumerate(cases):
            line = {"operation": name, "example": f"{service}/{version} {name}[{index}]"}
            try:
                fill(line, protocol, operation, case, serializer, parser)
            except Exception as error:  # the example does not fit its own model
                line["skip"] = f"{type(error).__name__}: {error}"[:200]
            print(json.dumps(line))


def fill(line, protocol, operation, case, serializer, parser):
    params = case.get("input") or {}
    if operation.input_shape is not None:
        given = set(params)
        params = by_shape(operation.input_shape, params)
        if given - set(params):
            raise ValueError(f"unknown members {sorted(given - set(params))}")
        missing = [name for name in operation.input_shape.required_members if name not in params]
        if missing:
            raise ValueError(f"missing members {missing}")
    line["params"] = plain(params)
    sent = dict(params)
    if operation.service_model.service_name == "route53":
        # botocore strips paths from ids before it serialises.
        handlers.fix_route53_ids(sent, operation)
    request = serializer.serialize_to_request(sent, operation)
    body = request["body"]
    if isinstance(body, dict):
        body = percent_encode_sequence(body).encode()
    query = request["query_string"]
    pairs = []
    for key, value in (query.items() if query else []):
        values = value if isinstance(value, list) else [value]
        pairs.extend([key, str(item)] for item in values)
    line["request"] = {
        "method": request["method"],
        "path": request["url_path"],
        "query": pairs,
        "headers": {key: str(value) for key, value in request["headers"].items()},
        "body": base64.b64encode(body).decode(),
        "host_prefix": request.get("host_prefix"),
    }
    if "output" not in case:
        return
    shape = operation.output_shape
    value = by_shape(shape, case["output"] or {}) if shape is not None else {}
    status, headers, body = answer(protocol, operation, value)
    is_location = (operation.service_model.service_name, operation.name) == ("s3", "GetBucketLocation")
    if is_location:
        # The one element of S3's answer stands for the member, which botocore mends after parsing.
        body = f"<LocationConstraint>{escape(value['LocationConstraint'])}</LocationConstraint>".encode()
    parsed = parser.parse(
        {"status_code": status, "headers": HeadersDict(headers), "body": body, "context": {}}, shape
    )
    if operation.service_model.service_name == "iam":
        handlers.json_decode_policies(parsed, operation)
    if is_location:
        handlers.parse_get_bucket_location(parsed, types.SimpleNamespace(content=body, raw=body))
    parsed.pop("ResponseMetadata", None)
    line["response"] = {"status": status, "headers": headers, "body": base64.b64encode(body).decode()}
    line["parsed"] = plain(parsed)


main()
