import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { folderOf, percentDecode, resolveReference, shownReference } from "../../../src/upload/manifest/path.ts";

const file = (path: string) => ({ kind: "file", path });

describe("references that are files", () => {
  test.each([
    ["a.ts", "a.ts"],
    ["./a.ts", "a.ts"],
    ["v/./a.ts", "v/a.ts"],
    ["%2e/a.ts", "a.ts"],
    [" a.ts ", "a.ts"],
    ["a b.ts", "a b.ts"],
    ["a%20b.ts", "a b.ts"],
    ["%EC%98%81%EC%83%81.ts", "영상.ts"],
    ["영상/1.ts", "영상/1.ts"],
    ["a%2fb.ts", "a/b.ts"],
    ["100%.ts", "100%.ts"],
    ["100%25.ts", "100%.ts"],
    ["%252e%252e/a.ts", "%2e%2e/a.ts"],
    ["a.ts?token=1#t=2", "a.ts"],
    ["a.ts?next=../../b", "a.ts"],
    ["a.ts#../b", "a.ts"],
    ["...ts", "...ts"],
    ["..a/b..", "..a/b.."],
    ["12:30.ts", "12:30.ts"],
    ["./a:b.ts", "a:b.ts"],
    ["a%3Ab.ts", "a:b.ts"],
    ["a%3Fb%23.ts", "a?b#.ts"],
    ["a+b.ts", "a+b.ts"],
    ["a.ts%20", "a.ts "],
  ])("%j is %j", (uri, path) => {
    expect(resolveReference("", uri, false)).toEqual(file(path));
    expect(resolveReference("low/", uri, false)).toEqual(file(`low/${path}`));
  });
});

describe("references that are refused", () => {
  test.each([
    ["../a.ts", '".."'],
    ["v/../a.ts", '".."'],
    ["v/..", '".."'],
    ["..", '".."'],
    ["%2e%2e/a.ts", '".."'],
    ["%2E./a.ts", '".."'],
    [".%2e%2fa.ts", '".."'],
    ["v%2f..%2f..%2fa", '".."'],
    ["a/../../etc/passwd?x", '".."'],
    ["..\\a.ts", "backslash"],
    ["v\\a.ts", "backslash"],
    ["v%5ca.ts", "backslash"],
    ["/a.ts", "absolute"],
    ["%2fetc/passwd", "absolute"],
    ["///etc/passwd", "another host"],
    ["//host/a.ts", "another host"],
    ["http://host/a.ts", "URL"],
    ["HTTPS://host/a.ts", "URL"],
    ["file:///etc/passwd", "URL"],
    ["data:,x", "URL"],
    ["C:\\a.ts", "URL"],
    ["c:/a.ts", "URL"],
    ["javascript:x", "URL"],
    ["a\0.ts", "control character"],
    ["a%00.ts", "control character"],
    ["ht\ttp://h/a", "control character"],
    ["a%0a.ts", "control character"],
    ["\u007f", "control character"],
    ["%ff.ts", "UTF-8"],
    ["%c0%ae%c0%ae/a.ts", "UTF-8"],
    ["", "no file"],
    ["?a", "no file"],
    ["#a", "no file"],
    ["v/", "folder"],
    [".", "folder"],
    ["v/.", "folder"],
    ["v//a.ts", "empty folder name"],
    ["http%3a//h/a", "empty folder name"],
  ])("%j: %s", (uri, why) => {
    const target = resolveReference("low/", uri, false);
    expect(target).toMatchObject({ kind: "refused", why: expect.stringContaining(why) });
  });

  test("nothing that is accepted leaves the folder, whatever is written", () => {
    const piece = fc.constantFrom(
      "..",
      ".",
      "/",
      "\\",
      "%2e",
      "%2E",
      "%2f",
      "%5c",
      "%25",
      "2e",
      "a",
      "?",
      "#",
      ":",
      "%",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), fc.boolean(), (pieces, elsewhere) => {
        const target = resolveReference("", pieces.join(""), elsewhere);
        if (target.kind !== "file") return;
        const path = new URL(target.path.split("/").map(encodeURIComponent).join("/"), "file:///root/").pathname;
        expect(path.startsWith("/root/")).toBe(true);
        expect(target.path).not.toMatch(/^\/|\\|(^|\/)\.\.?(\/|$)|\/\//);
      }),
      { numRuns: 5_000 },
    );
  });

  test("goes where a URL resolver goes", () => {
    const piece = fc.constantFrom("a", "b", ".", "/", "%20", "%2e", "é", "?", "#", "-");
    fc.assert(
      fc.property(fc.array(piece, { minLength: 1, maxLength: 10 }), (pieces) => {
        const uri = pieces.join("");
        const target = resolveReference("low/", uri, false);
        if (target.kind !== "file") return;
        const url = new URL(uri, "http://host/low/index.m3u8");
        expect(target.path).toBe(decodeURIComponent(url.pathname).slice(1));
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("where a URL is no mistake", () => {
  test.each(["https://keys.example/1", "HTTP://k/1", "skd://asset", "data:text/plain;base64,AAAA", "urn:uuid:1"])(
    "%s is elsewhere",
    (uri) => {
      expect(resolveReference("", uri, true)).toEqual({ kind: "elsewhere" });
    },
  );

  test.each(["file:///etc/passwd", "//keys.example/1", "/1.key", "../1.key", "c:\\k"])("%s is refused", (uri) => {
    expect(resolveReference("", uri, true)).toMatchObject({ kind: "refused" });
  });
});

test("decodes once", () => {
  expect(percentDecode("%2541%41%zz%")).toBe("%41A%zz%");
  expect(percentDecode("%e4%bd%a0")).toBe("你");
  expect(percentDecode("a%80")).toBeUndefined();
});

test("the folder of a path", () => {
  expect([folderOf("a.m3u8"), folderOf("v/a.m3u8"), folderOf("/v/w/a")]).toEqual(["", "v/", "/v/w/"]);
});

test("messages show no credentials of a URL and no query", () => {
  expect(shownReference("https://user:pass@host/a.ts?sign=secret")).toBe('"https://…@host/a.ts?…"');
  expect(shownReference("//u:p@host/a")).toBe('"//…@host/a"');
  expect(shownReference("x".repeat(500)).length).toBeLessThan(210);
});
