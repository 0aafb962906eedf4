"""Reproduces every vector of fixtures/vectors: `python3 verify_vectors.py [FOLDER]`. Exit code 0 when all agree.

The stages of a vector are compared in their order, and the first that differs is told: a wrong canonical text is another
mistake than a wrong key.
"""

import base64
import hashlib
import json
import pathlib
import sys

import answers
import events
import received
import wire


def payload_of(test):
    """The bytes of a vector's body; large ones are described rather than written out."""
    if "payloadGenerator" in test:
        maker = test["payloadGenerator"]
        data = (maker["prefix"] + maker["unit"] * maker["count"] + maker["suffix"]).encode()
    else:
        text = test["payload"]
        data = base64.b64decode(text) if test["payloadEncoding"] == "base64" else text.encode()
    if len(data) != test.get("payloadLength", len(data)):
        raise ValueError(f"{test['name']}: the payload has {len(data)} bytes")
    return data


def percent_encoding(test, _file):
    text = test["input"]
    return {"value": wire.enc(text), "name": wire.enc(text).lower(), "keyPath": wire.key_path(text)}


def tc3_sign(test, _file):
    names = ("method", "host", "headers")
    body = payload_of(test)
    hashed = test.get("payloadHashInput")
    r = wire.sign_tc3(
        *(test[name] for name in names), body, test["service"], test["timestamp"], test["secretId"], test["secretKey"],
        signed=test["signedHeaders"], query=test["query"], payload=hashed,
    )  # fmt: skip
    return r


def cos_sign(test, _file):
    signed = {name: value for name, value in test["headers"].items() if name.lower() in test["signedHeaders"]}
    names = ("startTime", "endTime", "secretId", "secretKey")
    return wire.sign_cos(test["method"], test["path"], test["query"], signed, *(test[name] for name in names))


def cos_presign(test, _file):
    names = ("method", "url", "path", "query", "headers", "startTime", "endTime", "secretId", "secretKey")
    return wire.presign_cos(*(test[name] for name in names), token=test.get("token"))


def cos_server_echo(test, _file):
    names = ("method", "path", "query", "headers", "startTime", "endTime")
    return wire.sign_cos(*(test[name] for name in names), "", "")


def tc3_verify(test, _file):
    names = ("now", "secretId", "secretKey")
    return verdict(test, received.verify_tc3(test["method"], test["headers"], payload_of(test), *(test[n] for n in names)))


def cos_verify(test, _file):
    names = ("method", "path", "query", "headers", "now", "secretId", "secretKey", "token")
    return verdict(test, received.verify_cos(*(test[name] for name in names)))


def verdict(test, valid):
    """The rule is for people: which one it was is not asked of a verifier."""
    return {**test["expected"], "valid": valid}


def client_upload(test, _file):
    return wire.sign_client_upload(test["params"], test["secretKey"])


def callback(test, _file):
    valid, reason = wire.verify_callback(test["body"], test["signKey"], test["now"], test.get("toleranceSeconds", 0))
    # Where T is unusable the vector names the one of the valid case: only the hash can be reproduced then.
    text = test["expected"]["md5Input"] if reason == "malformed" else f"{test['signKey']}{test['body']['T']}"
    md5 = hashlib.md5(text.encode()).hexdigest()
    return {"md5Input": text, "md5": md5, "valid": valid, "reason": reason}


def crc64(test, _file):
    return {"crc64": str(wire.crc64(payload_of(test)))}


def crc64_combine(test, _file):
    return {"crc64": str(wire.crc64_combine(int(test["a"]), int(test["b"]), test["lengthOfB"]))}


def part_plan(test, _file):
    if "base" in test:
        return {"grown": wire.grown_part(test["sentBytes"]), "partSize": wire.next_part(test["base"], test["sentBytes"])}
    plan = wire.plan_parts(test["size"], test["partSize"])
    return {"error": "SOURCE_TOO_LARGE"} if "error" in plan else {**wire.plan_steps(test["size"], test["partSize"]), **plan}


def storage_key(test, _file):
    return wire.storage_key(test["storagePath"])


def retry_decision(test, _file):
    given = [test[name] for name in ("kind", "attempt", "policy", "random")]
    return {**wire.retry_steps(*given), "delayMs": wire.retry_delay(*given, test.get("retryAfterMs"))}


def api_retry(test, file):
    return wire.retry_class(test["input"], file["rules"])


def event_parse(test, _file):
    try:
        return {"event": events.parse_event(test["text"] if "text" in test else test["body"])}
    except events.EventInvalid:
        return {"error": "EVENT_INVALID"}


def envelope(test, _file):
    kind, value = answers.read_envelope(test["status"], test["body"])
    if kind == "apiError":
        value = {"apiCode": value[0], "requestId": value[1]}
    return {kind: {"retryable": value} if kind == "gateway" else value}


def xml(test, _file):
    try:
        return {"value": answers.read_document(test["document"], payload_of(test))}
    except answers.DocumentError as error:
        why = {"reason": error.reason, "element": error.element}
        return {"error": {name: text for name, text in why.items() if text is not None}}


VERIFIERS = {
    "api-retry": api_retry,
    "callback-sign": callback,
    "client-upload-sign": client_upload,
    "cos-presign": cos_presign,
    "cos-server-echo": cos_server_echo,
    "cos-sign-v5": cos_sign,
    "cos-verify": cos_verify,
    "crc64": crc64,
    "crc64-combine": crc64_combine,
    "envelope": envelope,
    "event-parse": event_parse,
    "part-plan": part_plan,
    "percent-encoding": percent_encoding,
    "retry-decision": retry_decision,
    "storage-key": storage_key,
    "tc3-sign": tc3_sign,
    "tc3-verify": tc3_verify,
    "xml": xml,
}

# A signer that does what these show would be wrong (fixtures/README.md).
SKIPPED_FLAGS = {"vendor-quirk"}


def first_difference(expected, got):
    """The first stage that differs, or None."""
    if not isinstance(expected, dict):
        return None if expected == got else ("result", expected, got)
    for stage, value in expected.items():
        if got.get(stage) != value:
            return stage, value, got.get(stage)
    return None


def verify(path):
    """Prints one line for a file; gives how many vectors agreed, were skipped and differ."""
    try:
        file = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        print(f"FAIL  {path.name}: {error}")
        return 0, 0, 1
    if len(file["tests"]) != file["numberOfTests"]:
        print(f"FAIL  {path.name}: {len(file['tests'])} vectors instead of {file['numberOfTests']}")
        return 0, 0, 1
    verifier = VERIFIERS.get(path.stem)
    if verifier is None:
        print(f"FAIL  {path.name}: nothing here reproduces it")
        return 0, 0, 1
    agreed = skipped = differ = 0
    for test in file["tests"]:
        if SKIPPED_FLAGS.intersection(test["flags"]):
            skipped += 1
            continue
        expected = {**test["steps"], **test["expected"]} if "steps" in test else test["expected"]
        difference = first_difference(expected, verifier(test, file))
        if difference is None:
            agreed += 1
            continue
        differ += 1
        stage, wanted, got = difference
        print(f"FAIL  {path.name} {test['tcId']} {test['name']}: {stage}\n  expected {wanted!r}\n  got      {got!r}")
    print(f"{'ok  ' if differ == 0 else 'FAIL'}  {path.name}: {agreed} agree, {skipped} skipped, {differ} differ")
    return agreed, skipped, differ


def main():
    default = pathlib.Path(__file__).parent / "../../fixtures/vectors"
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else default
    counts = [verify(path) for path in sorted(folder.glob("*.json"))]
    agreed, skipped, differ = (sum(column) for column in zip(*counts)) if counts else (0, 0, 0)
    print(f"{agreed} agree, {skipped} skipped, {differ} differ")
    return 0 if agreed > 0 and differ == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
