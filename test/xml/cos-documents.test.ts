import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  decodeCompleteRequest,
  decodeCompleteResult,
  decodeErrorDocument,
  decodeInitiateResult,
  decodeListPartsResult,
  encodeCompleteRequest,
  encodeCompleteResult,
  encodeErrorDocument,
  encodeInitiateResult,
  encodeListPartsResult,
} from "../../src/xml/cos-documents.ts";
import { parseXml, XmlError } from "../../src/xml/parse.ts";
import { schemaErrors } from "../support/schema-errors.ts";

const folder = new URL("../../fixtures/cos/", import.meta.url);
const sample = (file: string): Uint8Array => readFileSync(new URL(file, folder));
const sampleText = (file: string): string => readFileSync(new URL(file, folder), "utf8");
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

interface IndexEntry {
  file: string;
  bytes: number;
  sha256: string;
  source: { kind: string; text: string };
}
const index = JSON.parse(sampleText("index.json")) as { sources: Record<string, string>; files: IndexEntry[] };

function refusal(decode: () => unknown): Pick<XmlError, "reason" | "element"> {
  try {
    decode();
  } catch (error) {
    if (error instanceof XmlError) return { reason: error.reason, element: error.element };
    throw error;
  }
  throw new Error("was accepted");
}

const bucket = "examplebucket-1250000000";
const key = "exampleobject";
const uploadId = "1585130821cbb7df1d11846c073ad648e8f33b087cec2381df437acdc833cf654b9ecc6361";
const etags = [
  "39270a968a357d24207e9911162507eb",
  "d899fbd1e06109ea2e4550f5751c88d6",
  "762890d6c9a871b7bd136037cb2260cd",
] as const;

describe("sample documents", () => {
  it("are all indexed, with a source and unchanged bytes", () => {
    expect(schemaErrors("cos-index", index)).toEqual([]);
    const present = readdirSync(folder).filter((name) => name.endsWith(".xml"));
    expect(index.files.map((entry) => entry.file).sort()).toEqual(present.sort());
    for (const entry of index.files) {
      const body = sample(entry.file);
      expect({ ...entry, bytes: body.length, sha256: createHash("sha256").update(body).digest("hex") }).toEqual(entry);
      expect(Object.keys(index.sources)).toContain(entry.source.kind);
    }
  });

  it("are all readable", () => {
    for (const { file } of index.files) expect(parseXml(sample(file)).children.length, file).toBeGreaterThan(0);
  });

  it("initiate.xml", () => {
    const result = { bucket, key, uploadId };
    expect(decodeInitiateResult(sample("initiate.xml"))).toEqual(result);
    expect(encodeInitiateResult(result)).toBe(sampleText("initiate.xml"));
  });

  it("complete-result.xml", () => {
    const result = {
      location: `http://${bucket}.cos.ap-beijing.myqcloud.com/${key}`,
      bucket,
      key,
      etag: "aa259a62513358f69e98e72e59856d88-3",
    };
    expect(decodeCompleteResult(sample("complete-result.xml"))).toEqual(result);
    expect(encodeCompleteResult(result)).toBe(sampleText("complete-result.xml"));
  });

  it("complete-request.xml, byte for byte what the server took", () => {
    const body = sample("complete-request.xml");
    expect(body).toHaveLength(353);
    expect(createHash("md5").update(body).digest("base64")).toBe("Me/0Gvtc2x4VPIOhoIRllw==");
    expect(decodeCompleteRequest(body)).toEqual(etags.map((etag, at) => ({ partNumber: at + 1, etag })));
  });

  const part = (partNumber: number, seconds = 14) => ({
    partNumber,
    etag: etags[partNumber - 1] ?? "",
    size: 1_048_576,
    lastModified: `2020-03-25T10:07:${seconds}.000Z`,
  });
  const sender = {
    owner: { id: "1250000000", displayName: "1250000000" },
    initiator: { id: "qcs::cam::uin/100000000001:uin/100000000011", displayName: "100000000011" },
    storageClass: "Standard",
  };
  it.each([
    ["list-parts.xml", { maxParts: 1000, partNumberMarker: 0 }, [part(1), part(2, 13), part(3, 13)], false, undefined],
    ["list-parts-page1.xml", { maxParts: 2, partNumberMarker: 0 }, [part(1), part(2)], true, 2],
    ["list-parts-page2.xml", { maxParts: 2, partNumberMarker: 2 }, [part(3)], false, undefined],
    ["list-parts-empty.xml", { maxParts: 2, partNumberMarker: 0 }, [], false, undefined],
  ])("%s", (file, request, parts, isTruncated, nextPartNumberMarker) => {
    const page = { bucket, key, uploadId, parts, isTruncated, nextPartNumberMarker };
    expect(decodeListPartsResult(sample(file))).toEqual(page);
    expect(encodeListPartsResult({ ...page, ...request, ...sender })).toBe(sampleText(file));
  });

  it("list-multipart-uploads.xml is another document than a list of parts", () => {
    expect(refusal(() => decodeListPartsResult(sample("list-multipart-uploads.xml")))).toEqual({
      reason: "unexpected-root",
      element: "ListMultipartUploadsResult",
    });
  });

  const errors = index.files.map((entry) => entry.file).filter((file) => file.startsWith("error-"));
  it.each(errors.map((file) => [file, file.split(/[-.]/)[2]]))("%s", (file, code) => {
    const error = decodeErrorDocument(sample(file));
    expect(error.code).toBe(file === "error-generic-template.xml" ? "string" : code);
    expect(error.message).not.toBe("");
    expect(error.requestId).toBeTruthy();
    expect(error.traceId).toBeTruthy();
    expect(encodeErrorDocument(error)).toBe(sampleText(file).trimEnd());
  });

  it("error-403-SignatureDoesNotMatch.xml keeps the server's strings exactly", () => {
    const { stringToSign, formatString, resource } = decodeErrorDocument(sample("error-403-SignatureDoesNotMatch.xml"));
    expect(formatString).toBe(
      "put\n/imagesresume-zh en_页面_1.png\n\nhost=o2-1258123310.cos.ap-beijing.myqcloud.com\n",
    );
    const digest = createHash("sha1")
      .update(formatString ?? "")
      .digest("hex");
    expect(stringToSign).toBe(`sha1\n1615113257;1615199657\n${digest}\n`);
    expect(resource).toContain("imagesresume-zh+en_页面_1.png");
  });

  it("error-403-AccessDenied-ServerTime.xml", () => {
    expect(decodeErrorDocument(sample("error-403-AccessDenied-ServerTime.xml")).serverTime).toBe(
      "2019-04-09T03:39:20Z",
    );
  });

  it("complete-200-error.xml is an error, not a result", () => {
    const body = sample("complete-200-error.xml");
    expect(refusal(() => decodeCompleteResult(body))).toEqual({ reason: "unexpected-root", element: "Error" });
    expect(decodeErrorDocument(body).code).toBe("InternalError");
  });
});

describe("decoders", () => {
  const listing = (inner: string, tail = "<IsTruncated>false</IsTruncated>"): Uint8Array =>
    bytes(`<ListPartsResult><Bucket>b</Bucket>${inner}${tail}</ListPartsResult>`);
  const onePart = (inner: string): Uint8Array => listing(`<UploadId>u</UploadId><Part>${inner}</Part>`);
  const fields = { number: "<PartNumber>1</PartNumber>", etag: "<ETag>e</ETag>", size: "<Size>5</Size>" };

  it("read UploadID and UploadId, and every spelling of the encoding type", () => {
    expect(decodeListPartsResult(listing("<UploadID>0012</UploadID>")).uploadId).toBe("0012");
    for (const name of ["EncodingType", "Encoding-type", "Encoding-Type"]) {
      const encoded = listing(`<${name}>url</${name}><Key>a%20%2B%E8%A7%86+.mp4</Key>`);
      expect(decodeListPartsResult(encoded).key).toBe("a +视+.mp4");
      expect(decodeListPartsResult(listing(`<${name}/><Key>a%20b</Key>`)).key).toBe("a%20b");
      expect(decodeListPartsResult(listing(`<${name}>url</${name}><Key>100%</Key>`)).key).toBe("100%");
    }
  });

  it.each([
    ['"AbC"', "AbC"],
    ["&quot;AbC&quot;", "AbC"],
    ["&#34;AbC&#x22;", "AbC"],
    ["AbC", "AbC"],
    [" \n&quot;AbC&quot; ", "AbC"],
    ["123e10", "123e10"],
    ["007", "007"],
  ])("hold the ETag %s without quotes as %s", (written, etag) => {
    const xml = `<ETag>${written}</ETag>`;
    expect(decodeListPartsResult(onePart(`${fields.number}${xml}${fields.size}`)).parts).toEqual([
      { partNumber: 1, etag, size: 5, lastModified: undefined },
    ]);
    expect(
      decodeCompleteResult(bytes(`<CompleteMultipartUploadResult>${xml}</CompleteMultipartUploadResult>`)).etag,
    ).toBe(etag);
  });

  it("take asctime dates and parts of any size as sent", () => {
    const page = onePart(
      `<LastModified>Tue Jan 17 16:43:37 2017</LastModified>${fields.number}${fields.etag}<Size>5368709120</Size>`,
    );
    expect(decodeListPartsResult(page).parts[0]).toEqual({
      partNumber: 1,
      etag: "e",
      size: 5_368_709_120,
      lastModified: "Tue Jan 17 16:43:37 2017",
    });
  });

  it.each([
    ["PartNumber", fields.etag + fields.size],
    ["ETag", fields.number + fields.size],
    ["ETag", `${fields.number}<ETag>""</ETag>${fields.size}`],
    ["Size", fields.number + fields.etag],
    ["Size", `${fields.number}${fields.etag}<Size/>`],
  ])("miss %s in a listed part", (element, inner) => {
    expect(refusal(() => decodeListPartsResult(onePart(inner)))).toEqual({ reason: "missing-element", element });
  });

  it.each(["0", "-1", "1.5", "0x1", "1e3", "10001", "one", "9".repeat(30)])("refuse part number %s", (number) => {
    const inner = `<PartNumber>${number}</PartNumber>${fields.etag}`;
    expect(refusal(() => decodeListPartsResult(onePart(inner + fields.size)))).toEqual({
      reason: "malformed",
      element: "PartNumber",
    });
    const request = bytes(`<CompleteMultipartUpload><Part>${inner}</Part></CompleteMultipartUpload>`);
    expect(refusal(() => decodeCompleteRequest(request))).toEqual({ reason: "malformed", element: "PartNumber" });
  });

  it("need to know whether and where a listing goes on", () => {
    expect(refusal(() => decodeListPartsResult(listing("", "")))).toEqual({
      reason: "missing-element",
      element: "IsTruncated",
    });
    expect(refusal(() => decodeListPartsResult(listing("", "<IsTruncated>true</IsTruncated>")))).toEqual({
      reason: "missing-element",
      element: "NextPartNumberMarker",
    });
    expect(refusal(() => decodeListPartsResult(listing("", "<IsTruncated>maybe</IsTruncated>")))).toEqual({
      reason: "malformed",
      element: "IsTruncated",
    });
    const marked = listing("<NextPartNumberMarker>7</NextPartNumberMarker>");
    expect(decodeListPartsResult(marked).nextPartNumberMarker).toBe(7);
    const empty = listing("<NextPartNumberMarker/>");
    expect(decodeListPartsResult(empty).nextPartNumberMarker).toBeUndefined();
  });

  it("want an UploadId, a result's ETag, an error's Code, a request's parts, and nothing that no upload needs", () => {
    const initiate = "InitiateMultipartUploadResult";
    expect(decodeInitiateResult(bytes(`<${initiate}><UploadId>u</UploadId></${initiate}>`))).toEqual({
      bucket: "",
      key: "",
      uploadId: "u",
    });
    for (const empty of ["", "<UploadId/>", "<UploadId> </UploadId>"])
      expect(refusal(() => decodeInitiateResult(bytes(`<${initiate}>${empty}</${initiate}>`)))).toEqual({
        reason: "missing-element",
        element: "UploadId",
      });
    const complete = bytes(`<CompleteMultipartUploadResult><Key>k</Key></CompleteMultipartUploadResult>`);
    expect(refusal(() => decodeCompleteResult(complete))).toEqual({ reason: "missing-element", element: "ETag" });
    expect(refusal(() => decodeErrorDocument(bytes("<Error/>")))).toEqual({
      reason: "missing-element",
      element: "Code",
    });
    expect(decodeErrorDocument(bytes("<Error><Code>X</Code></Error>"))).toEqual({ code: "X", message: "" });
    expect(refusal(() => decodeCompleteRequest(bytes("<CompleteMultipartUpload/>")))).toEqual({
      reason: "missing-element",
      element: "Part",
    });
  });

  it("take any namespace, prefixed or default", () => {
    for (const namespace of [
      "http://www.qcloud.com/document/product/436/7751",
      "https://cloud.tencent.com/document/product/436",
      "http://s3.amazonaws.com/doc/2006-03-01/",
    ]) {
      const plain = `<CompleteMultipartUploadResult xmlns="${namespace}"><ETag>e</ETag></CompleteMultipartUploadResult>`;
      const prefixed = `<c:CompleteMultipartUploadResult xmlns:c="${namespace}"><c:ETag>e</c:ETag></c:CompleteMultipartUploadResult>`;
      expect(decodeCompleteResult(bytes(plain)).etag).toBe("e");
      expect(decodeCompleteResult(bytes(prefixed)).etag).toBe("e");
    }
  });

  it("take a result after minutes of keep-alive spaces, and call spaces alone empty", () => {
    const spaces = " ".repeat(100_000);
    expect(decodeCompleteResult(bytes(spaces + sampleText("complete-result.xml"))).key).toBe(key);
    expect(refusal(() => decodeCompleteResult(bytes(spaces)))).toEqual({ reason: "empty", element: undefined });
  });

  it("name the root of a gateway's page and keep hostile names short", () => {
    const page = "<html><body>504</body></html>";
    expect(refusal(() => decodeInitiateResult(bytes(page)))).toEqual({ reason: "unexpected-root", element: "html" });
    const long = "x".repeat(100_000);
    expect(() => decodeErrorDocument(bytes(`<${long}/>`))).toThrow(/^.{1,200}$/);
  });

  it("leave the order of a request's parts to the receiver", () => {
    const request = encodeCompleteRequest([
      { partNumber: 3, etag: "c" },
      { partNumber: 1, etag: "a" },
    ]);
    expect(decodeCompleteRequest(bytes(request)).map((part) => part.partNumber)).toEqual([3, 1]);
  });
});

describe("encoders", () => {
  // Any text XML can hold: no NUL. Fast-check's binary strings hold no lone surrogates.
  const text = fc.string({ unit: "binary", maxLength: 40 }).map((value) => value.replaceAll("\0", "\u0001"));
  const filled = text.map((value) => `${value}x`);
  const etag = fc.string({ unit: "grapheme", minLength: 1 }).map((value) => `e${value.replaceAll("\0", "")}e`);
  const partNumber = fc.integer({ min: 1, max: 10_000 });
  const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });

  it("write a Complete request without white space, quotes raw around the ETag", () => {
    expect(
      encodeCompleteRequest([
        { partNumber: 1, etag: "aa" },
        { partNumber: 2, etag: 'b<&"' },
      ]),
    ).toBe(
      '<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>"aa"</ETag></Part>' +
        '<Part><PartNumber>2</PartNumber><ETag>"b&lt;&amp;&quot;"</ETag></Part></CompleteMultipartUpload>',
    );
  });

  it("keep 10,000 parts below the 1 MB limit of the server", () => {
    const parts = Array.from({ length: 10_000 }, (_, at) => ({ partNumber: at + 1, etag: etags[0] }));
    const body = encodeCompleteRequest(parts);
    expect(body.length).toBeLessThan(1_000_000);
    expect(decodeCompleteRequest(bytes(body))).toEqual(parts);
  });

  it("are inverse to the decoders for any text", () => {
    fc.assert(
      fc.property(fc.record({ bucket: text, key: text, uploadId: filled }), (value) => {
        expect(decodeInitiateResult(bytes(encodeInitiateResult(value)))).toEqual(value);
      }),
    );
    fc.assert(
      fc.property(fc.record({ location: text, bucket: text, key: text, etag }), (value) => {
        expect(decodeCompleteResult(bytes(encodeCompleteResult(value)))).toEqual(value);
      }),
    );
    fc.assert(
      fc.property(fc.array(fc.record({ partNumber, etag }), { minLength: 1, maxLength: 20 }), (value) => {
        expect(decodeCompleteRequest(bytes(encodeCompleteRequest(value)))).toEqual(value);
      }),
    );
    const optional = maybe(text.filter((value) => value !== ""));
    fc.assert(
      fc.property(
        fc.record({
          code: filled.filter((value) => value.trim() === value),
          message: text,
          resource: optional,
          requestId: optional,
          traceId: optional,
          serverTime: optional,
          stringToSign: optional,
          formatString: optional,
        }),
        (value) => {
          expect(decodeErrorDocument(bytes(encodeErrorDocument(value)))).toEqual(value);
        },
      ),
    );
  });

  it("round trip listings", () => {
    const size = fc.integer({ min: 0, max: 5 * 2 ** 30 });
    const listed = fc.record({ partNumber, etag, size, lastModified: maybe(text.filter((value) => value !== "")) });
    fc.assert(
      fc.property(
        fc.record({ bucket: text, key: text, uploadId: text, parts: fc.array(listed, { maxLength: 5 }) }),
        maybe(partNumber),
        (value, next) => {
          const page = { ...value, isTruncated: next !== undefined, nextPartNumberMarker: next };
          const xml = encodeListPartsResult({ ...page, partNumberMarker: 0, maxParts: 1000 });
          expect(decodeListPartsResult(bytes(xml))).toEqual(page);
        },
      ),
    );
  });
});
