import { describe, expect, it } from "vitest";
import { xmlTokens } from "../../src/replay/xml-text.ts";

const plain = '<R><Part><ETag>"a"</ETag></Part></R>';

describe("two XML documents say the same", () => {
  it.each([
    ["entities", "<R><Part><ETag>&quot;a&#34;</ETag></Part></R>"],
    ["a hexadecimal entity", "<R><Part><ETag>&#x22;&#x61;&quot;</ETag></Part></R>"],
    ["indentation and CRLF", '<R>\r\n\t<Part>\r\n\t\t<ETag>"a"</ETag>\r\n\t</Part>\r\n</R>'],
    ["a declaration", `<?xml version="1.0" encoding="UTF-8"?>\n${plain}`],
    ["a default namespace", plain.replace("<R>", '<R xmlns="http://www.qcloud.com/document/product/436/7751">')],
  ])("despite %s", (_, document) => {
    expect(xmlTokens(document)).toEqual(xmlTokens(plain));
  });

  it.each([
    ["another text", plain.replace('"a"', '"b"')],
    ["white space inside a text", plain.replace('"a"', ' "a"')],
    ["CDATA", plain.replace('"a"', '<![CDATA["a"]]>')],
    ["another element", plain.replaceAll("ETag", "Etag")],
    ["one element more", plain.replace("</Part>", "<Key>k</Key></Part>")],
    ["text escaped twice", plain.replace('"a"', "&amp;quot;a&amp;quot;")],
  ])("but not with %s", (_, document) => {
    expect(xmlTokens(document)).not.toEqual(xmlTokens(plain));
  });
});
