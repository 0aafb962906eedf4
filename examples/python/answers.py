"""What the two services answer (docs/wire.md §3.4, §3.5, §6), read strictly."""

import json
import re
import urllib.parse
import xml.etree.ElementTree as ElementTree

MOST_LEVELS = 32


def read_envelope(status, body):
    """§3.4, §3.5: ("success", Response), ("apiError", (code, request id)), or ("gateway", whether to send it again)."""
    try:
        value = json.loads(body)
    except ValueError:
        value = None
    response = value.get("Response") if isinstance(value, dict) else None
    if isinstance(response, dict):
        error = response.get("Error")
        if error is not None and error != "":
            code = _text(error.get("Code")) if isinstance(error, dict) else None
            return "apiError", (code or "Unknown", _text(response.get("RequestId")))
        if status == 200:
            return "success", response
    elif isinstance(value, dict):
        code = value.get("code")
        if isinstance(code, (str, int)) and not isinstance(code, bool) and str(code) not in ("", "0"):
            return "apiError", (_text(value.get("codeDesc")) or str(code), None)
    return "gateway", 200 <= status < 300 or status in (408, 429) or status >= 500


def _text(value):
    return value if isinstance(value, str) and value else None


class DocumentError(Exception):
    """`reason`: empty, forbidden, malformed, too-large, unexpected-root or missing-element."""

    def __init__(self, reason, element=None):
        super().__init__(reason if element is None else f"{reason}: {element}")
        self.reason, self.element = reason, element


def _tree(data):
    """§6.12: namespaces ignored, references decoded once, white space before the document skipped, no DOCTYPE."""
    try:
        text = data.decode("utf-8").lstrip(" \t\r\n\ufeff")
    except UnicodeDecodeError:
        raise DocumentError("malformed") from None
    if text == "":
        raise DocumentError("empty")
    if re.search("<!(DOCTYPE|ENTITY)", text, re.IGNORECASE):
        raise DocumentError("forbidden")
    try:
        root = ElementTree.fromstring(text.encode())
    except ElementTree.ParseError:
        raise DocumentError("malformed") from None
    _check_depth(root, 1)
    return root


def _check_depth(element, level):
    if level > MOST_LEVELS:
        raise DocumentError("too-large")
    for child in element:
        _check_depth(child, level + 1)


def _name(element):
    return element.tag.split("}")[-1]


def _child(element, *names):
    return next((child.text or "" for name in names for child in element if _name(child) == name), None)


def _required(element, name):
    text = (_child(element, name) or "").strip()
    if text == "":
        raise DocumentError("missing-element", name)
    return text


def _number(element, name, most, least=0):
    text = _required(element, name)
    if not re.fullmatch("[0-9]{1,16}", text) or not least <= int(text) <= most:
        raise DocumentError("malformed", name)
    return int(text)


def _etag(element):
    text = re.sub('^"(.*)"$', r"\1", _required(element, "ETag"), flags=re.DOTALL)
    if text == "":
        raise DocumentError("missing-element", "ETag")
    return text


def _part(element):
    return {"partNumber": _number(element, "PartNumber", 10_000, 1), "etag": _etag(element)}


def _parts(root):
    return [child for child in root if _name(child) == "Part"]


def _initiate_result(root):
    names = {"bucket": _child(root, "Bucket") or "", "key": _child(root, "Key") or ""}
    return {**names, "uploadId": _child(root, "UploadId") if _required(root, "UploadId") else ""}


def _complete_result(root):
    texts = {name: _child(root, name.capitalize()) or "" for name in ("location", "bucket", "key")}
    return {**texts, "etag": _etag(root)}


def _truncated(root):
    truncated = _required(root, "IsTruncated").lower()
    if truncated not in ("true", "false"):
        raise DocumentError("malformed", "IsTruncated")
    return truncated == "true"


def _key(root, key):
    encoding = _child(root, "EncodingType", "Encoding-type", "Encoding-Type") or ""
    return urllib.parse.unquote(key) if encoding.strip() == "url" else key


def _list_uploads_result(root):
    truncated = _truncated(root)
    uploads = []
    for upload in (child for child in root if _name(child) == "Upload"):
        if not _child(upload, "Key"):
            raise DocumentError("missing-element", "Key")
        _required(upload, "UploadId")
        listed = {"key": _key(root, _child(upload, "Key")), "uploadId": _child(upload, "UploadId")}
        initiated = _child(upload, "Initiated")
        uploads.append(listed if initiated is None else {**listed, "initiated": initiated})
    page = {"bucket": _child(root, "Bucket") or "", "uploads": uploads, "isTruncated": truncated}
    next_key, next_id = _child(root, "NextKeyMarker"), _child(root, "NextUploadIdMarker")
    if truncated and not next_key:
        raise DocumentError("missing-element", "NextKeyMarker")
    markers = {"nextKeyMarker": _key(root, next_key or ""), "nextUploadIdMarker": next_id}
    return {**page, **{name: text for name, text in markers.items() if text}}


def _list_parts_result(root):
    truncated = _truncated(root)
    parts = []
    for part in _parts(root):
        listed = {**_part(part), "size": _number(part, "Size", 2**53 - 1)}
        modified = _child(part, "LastModified")
        parts.append(listed if modified is None else {**listed, "lastModified": modified})
    page = {
        "bucket": _child(root, "Bucket") or "",
        "key": _key(root, _child(root, "Key") or ""),
        "uploadId": _child(root, "UploadId", "UploadID") or "",
        "parts": parts,
        "isTruncated": truncated,
    }
    if truncated or (_child(root, "NextPartNumberMarker") or "").strip() != "":
        page["nextPartNumberMarker"] = _number(root, "NextPartNumberMarker", 10_000)
    return page


def _error(root):
    error = {"code": _required(root, "Code"), "message": _child(root, "Message") or ""}
    others = ("Resource", "RequestId", "TraceId", "ServerTime", "StringToSign", "FormatString")
    texts = {name[0].lower() + name[1:]: _child(root, name) for name in others}
    return {**error, **{name: text for name, text in texts.items() if text is not None}}


def _complete_request(root):
    parts = [_part(part) for part in _parts(root)]
    if not parts:
        raise DocumentError("missing-element", "Part")
    return {"parts": parts}


DOCUMENTS = {
    "initiateResult": ("InitiateMultipartUploadResult", _initiate_result),
    "completeResult": ("CompleteMultipartUploadResult", _complete_result),
    "listPartsResult": ("ListPartsResult", _list_parts_result),
    "listUploadsResult": ("ListMultipartUploadsResult", _list_uploads_result),
    "completeRequest": ("CompleteMultipartUpload", _complete_request),
    "error": ("Error", _error),
}


def read_document(kind, data):
    """The members of a document of that kind, or a DocumentError."""
    expected, read = DOCUMENTS[kind]
    root = _tree(data)
    if _name(root) != expected:
        raise DocumentError("unexpected-root", _name(root))
    return read(root)
