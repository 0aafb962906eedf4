import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { childNode, childText, parseXml, XmlError, type XmlErrorReason } from "../../src/xml/parse.ts";
import { decodeReferences, escapeText } from "../../src/xml/text.ts";
import { timing } from "../support/timing.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const parse = (text: string) => parseXml(bytes(text));

function refusal(input: string | Uint8Array): XmlErrorReason | "accepted" {
  try {
    parseXml(typeof input === "string" ? bytes(input) : input);
    return "accepted";
  } catch (error) {
    if (!(error instanceof XmlError)) throw error;
    return error.reason;
  }
}

describe("parseXml reads", () => {
  it("values as text, never as numbers or booleans", () => {
    for (const value of ["00012", "123e10", "0x10", "1.50", "true", "null", "+7", "  7 ", "Infinity", "1_000"]) {
      expect(childText(parse(`<a><b>${value}</b></a>`), "b")).toBe(value);
    }
  });

  it("white space in text without trimming", () => {
    expect(childText(parse("<a><b>\n put\n/x\n\n</b></a>"), "b")).toBe("\n put\n/x\n\n");
    expect(parse("<a> \t\n</a>").text).toBe(" \t\n");
  });

  it.each([
    ["&quot;e&quot;", '"e"'],
    ["&#34;e&#x22;", '"e"'],
    ["&amp;&lt;&gt;&apos;", "&<>'"],
    ["&amp;#34;", "&#34;"],
    ["&amp;amp;lt;", "&amp;lt;"],
    ["&#x1F600;&#128512;", "😀😀"],
    ["&#x000041;&#0066;", "AB"],
    ["&#13;&#10;&#9;", "\r\n\t"],
    ["&#1;&#x1f;", "\u0001\u001f"],
    ["&#x10FFFF;", "\u{10FFFF}"],
    ["<![CDATA[&#34; <b>]]>&lt;", "&#34; <b><"],
    ["a<!-- & <no> -->b<?pi x?>c", "abc"],
    ["a\r\nb\rc", "a\nb\nc"],
    ["키 视频 é", "키 视频 é"],
    ["\u0001\u001b", "\u0001\u001b"],
  ])("%j as %j", (written, meant) => {
    expect(parse(`<a>${written}</a>`).text).toBe(meant);
  });

  it("a lone child as a list, in document order", () => {
    expect(parse("<a><b>1</b></a>").children.map((child) => child.name)).toEqual(["b"]);
    expect(parse("<a><b/><c/><b/></a>").children.map((child) => child.name)).toEqual(["b", "c", "b"]);
  });

  it("local names: prefixes stripped, namespace declarations ignored", () => {
    const root = parse(`<c:A xmlns:c="urn:x" xmlns='urn:y' c:k="v&#33;"><c:B>1</c:B></c:A>`);
    expect(root.name).toBe("A");
    expect(childText(root, "B")).toBe("1");
    expect([...root.attributes]).toEqual([["k", "v!"]]);
  });

  it("a document behind keep-alive white space and a byte-order mark", () => {
    const document = `<?xml version="1.0" encoding="UTF-8"?><a>x</a>`;
    for (const lead of ["", "\uFEFF", " \r\n\t ", "  \uFEFF", "\uFEFF\n"])
      expect(parse(`${lead}${document}`).text).toBe("x");
    expect(parse(`${document}\r\n \n<!-- end -->\n`).text).toBe("x");
  });

  it("both forms of the declaration and of empty elements", () => {
    expect(parse(`<?xml version='1.0' encoding='utf-8' ?>\n<a><b /><c></c></a>`).children).toHaveLength(2);
  });

  it("> inside attribute values and text", () => {
    const root = parse(`<a k="1>2" l='"'>3>4</a>`);
    expect(root.text).toBe("3>4");
    expect(root.attributes.get("k")).toBe("1>2");
    expect(root.attributes.get("l")).toBe('"');
  });

  it("elements named like JavaScript's own properties", () => {
    expect(childText(parse("<a><toString>1</toString></a>"), "toString")).toBe("1");
    expect(refusal("<a><__proto__>1</__proto__></a>")).toBe("malformed");
  });

  it("a view into a larger buffer", () => {
    const whole = bytes("xx<a>1</a>yy");
    expect(parseXml(whole.subarray(2, whole.length - 2)).text).toBe("1");
  });

  it("thousands of references, as a full ListParts page has", () => {
    const page = `<a>${"<p>&quot;e&quot;</p>".repeat(10_000)}</a>`;
    const root = parse(page);
    expect(root.children).toHaveLength(10_000);
    expect(root.children[9_999]?.text).toBe('"e"');
  });

  it("absent children as undefined, empty ones as empty text", () => {
    const root = parse("<a><b/></a>");
    expect(childText(root, "b")).toBe("");
    expect(childText(root, "c")).toBeUndefined();
    expect(childNode(root, "c")).toBeUndefined();
  });
});

describe("parseXml refuses", () => {
  it.each<[XmlErrorReason, string]>([
    ["empty", ""],
    ["empty", "   \r\n \t"],
    ["empty", "\uFEFF  "],
    ["malformed", "<?xml version='1.0'?>"],
    ["malformed", "<!-- only a comment -->"],
    ["malformed", "OK"],
    ["malformed", '{"Response":{}}'],
    ["malformed", "<html><body><hr><p>502 Bad Gateway</body></html>"],
    ["malformed", "<a>1</a>garbage"],
    ["malformed", "<a>1</a>&#32;"],
    ["malformed", "garbage<a>1</a>"],
    ["malformed", "<a>1</a><b>2</b>"],
    ["malformed", "<a/><a/>"],
    ["malformed", "<a>1</a></a>"],
    ["malformed", "</a>"],
    ["malformed", "<a>"],
    ["malformed", "<a><b>1</a></b>"],
    ["malformed", "<a><b>1</b>"],
    ["malformed", "<a>1</A>"],
    ["malformed", "<a>1</a"],
    ["malformed", "<a>1</"],
    ["malformed", "<a k=1/>"],
    ["malformed", "<a k/>"],
    ["malformed", `<a k="1/>`],
    ["malformed", `<a k="1"l="2"/>`],
    ["malformed", `<a k="1" k="2"/>`],
    ["malformed", `<a k="<"/>`],
    ["malformed", "< a/>"],
    ["malformed", "<1/>"],
    ["malformed", "<a>&nbsp;</a>"],
    ["malformed", "<a>fish & chips</a>"],
    ["malformed", "<a>&amp</a>"],
    ["malformed", "<a>&#xD800;</a>"],
    ["malformed", "<a>&#57343;</a>"],
    ["malformed", "<a>&#x110000;</a>"],
    ["malformed", "<a>&#99999999999999999999;</a>"],
    ["malformed", "<a>&#0;</a>"],
    ["malformed", "<a>&#;</a>"],
    ["malformed", "<a>&#x;</a>"],
    ["malformed", "<a>&#-1;</a>"],
    ["malformed", "<a>\0</a>"],
    ["malformed", "<a>]]></a>"],
    ["malformed", "<a><![CDATA[x</a>"],
    ["malformed", "<![CDATA[x]]><a/>"],
    ["malformed", "<a/><![CDATA[x]]>"],
    ["malformed", "<a/><!-- open"],
    ["malformed", "<a><!-- a -- b --></a>"],
    ["malformed", "<a/><?pi"],
    ["malformed", "<a/><?xml version='1.0'?>"],
    ["malformed", "<?xml version='1.0'?><?xml version='1.0'?><a/>"],
    ["malformed", "<?xml version='1.0'><a/>"],
    ["malformed", "<!-- first --><?xml version='1.0'?><a/>"],
    ["malformed", "<a><!ELEMENT b ANY></a>"],
    ["forbidden", "<!DOCTYPE html><html></html>"],
    ["forbidden", "<!doctype html><html></html>"],
    ["forbidden", "<a><![CDATA[<!EnTiTy x 'y'>]]></a>"],
    ["forbidden", `<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>`],
    ["forbidden", `<a/><!DOCTYPE`],
    ["too-large", `${"<a>".repeat(33)}${"</a>".repeat(33)}`],
    ["too-large", "<a>".repeat(100_000)],
    ["too-large", `<a>${"<b/>".repeat(100_000)}</a>`],
  ])("%s: %j", (reason, text) => {
    expect(refusal(text)).toBe(reason);
  });

  it("accepts 32 levels", () => {
    expect(refusal(`${"<a>".repeat(32)}${"</a>".repeat(32)}`)).toBe("accepted");
  });

  it("more than 4 MiB, but not 4 MiB", () => {
    const filled = (length: number): string => `<a>${" ".repeat(length - 7)}</a>`;
    expect(refusal(filled(4 * 2 ** 20))).toBe("accepted");
    expect(refusal(filled(4 * 2 ** 20 + 1))).toBe("too-large");
  });

  it("what is not UTF-8", () => {
    expect(refusal(Uint8Array.of(0x3c, 0x61, 0x3e, 0xff, 0x3c, 0x2f, 0x61, 0x3e))).toBe("malformed");
    expect(refusal(Buffer.from("\uFEFF<a/>", "utf16le"))).toBe("malformed");
    expect(refusal(Buffer.from("<a/>", "utf16le"))).toBe("malformed");
    expect(refusal(Buffer.from("<a>é</a>", "latin1"))).toBe("malformed");
  });

  it("every document cut short, whatever the place", () => {
    const document = `<?xml version="1.0"?>\n<a k="v"><b>1 &amp; 2</b><!-- c --><![CDATA[d]]><e/></a>`;
    expect(refusal(document)).toBe("accepted");
    for (let end = 1; end < document.length; end += 1)
      expect([end, refusal(document.slice(0, end))]).toEqual([end, "malformed"]);
  });

  it("hostile repetition in linear time", timing, () => {
    const n = 500_000;
    const start = performance.now();
    for (const text of [
      `<a${" ".repeat(n)}`,
      `<a ${"k".repeat(n)}`,
      `<a ${"k='1' ".repeat(n / 10)}`,
      `<${"a".repeat(n)}`,
      `<a>${"&".repeat(n)}</a>`,
      `<a>${"<!--".repeat(n / 4)}</a>`,
      `<a>&#${"0".repeat(n)};</a>`,
    ])
      expect(refusal(text)).toBe("malformed");
    expect(performance.now() - start).toBeLessThan(5_000);
  });

  it("without quoting the document in the error", () => {
    for (const text of ["<a>SECRET</b>", "SECRET", "<a>SECRET &x;</a>", "<a>SECRET<constructor/></a>"]) {
      try {
        parse(text);
        expect.unreachable();
      } catch (error) {
        expect(error).toBeInstanceOf(XmlError);
        const { message, cause } = error as XmlError;
        expect(`${message} ${String(cause)}`).not.toContain("SECRET");
        expect((error as XmlError).name).toBe("XmlError");
      }
    }
  });
});

describe("escapeText and decodeReferences", () => {
  const text = fc.string({ unit: "binary", maxLength: 200 });

  it("are inverse for every text without NUL and lone surrogates", () => {
    fc.assert(
      fc.property(text, (value) => {
        fc.pre(!value.includes("\0"));
        expect(decodeReferences(escapeText(value))).toBe(value);
      }),
    );
  });

  it("survive a whole document, line ends included", () => {
    fc.assert(
      fc.property(text, (value) => {
        fc.pre(!value.includes("\0"));
        expect(parse(`<a>${escapeText(value)}</a>`).text).toBe(value);
      }),
    );
  });

  it("replace what XML cannot say", () => {
    expect(escapeText("a\0b\ud800c\udc00")).toBe("a\uFFFDb\uFFFDc\uFFFD");
  });

  it("read any bytes as a tree or an XmlError, nothing else", () => {
    const fragments = fc.constantFrom("<", ">", "</", "/>", "a", "b:c", " ", "=", '"', "'", "&", ";", "#", "!", "--", "]]>", "<![CDATA[", "<?", "?>", "\n", "é", "constructor"); // prettier-ignore
    fc.assert(
      fc.property(fc.array(fragments, { maxLength: 30 }), (pieces) => {
        expect(["accepted", "empty", "malformed", "forbidden"]).toContain(refusal(pieces.join("")));
      }),
      { numRuns: 2_000 },
    );
    fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), (raw) => void refusal(raw)));
  });
});
