import fc from "fast-check";
import { describe, expect, test } from "vitest";

interface FormPart {
  readonly name: string;
  readonly fileName: string | undefined;
  readonly body: AsyncGenerator<Uint8Array, void>;
}

// Examples are programs and have no declarations.
const example = new URL("../../examples/multipart-form.mjs", import.meta.url).href;
const { FormError, formParts } = (await import(example)) as {
  FormError: typeof Error;
  formParts: (chunks: AsyncIterable<Uint8Array>, contentType: string | undefined) => AsyncIterable<FormPart>;
};

interface Read {
  readonly name: string;
  readonly fileName: string | undefined;
  readonly text: string;
}

/** Cuts bytes at the given places. */
async function* cut(bytes: Uint8Array, places: readonly number[]): AsyncGenerator<Uint8Array> {
  let from = 0;
  for (const place of [...places.map((one) => one % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]) {
    yield bytes.subarray(from, place);
    from = place;
  }
}

async function read(body: string | Uint8Array, type: string, places: readonly number[] = []): Promise<Read[]> {
  const parts: Read[] = [];
  for await (const { name, fileName, body: content } of formParts(cut(Buffer.from(body), places), type)) {
    const chunks: Uint8Array[] = [];
    for await (const chunk of content) chunks.push(chunk);
    parts.push({ name, fileName, text: Buffer.concat(chunks).toString("latin1") });
  }
  return parts;
}

const form = (...lines: readonly string[]): string => lines.join("\r\n");
const type = "multipart/form-data; boundary=XX";

describe("reading a form", () => {
  test("what a browser's FormData makes, cut anywhere", async () => {
    const letters = fc.string({ unit: fc.constantFrom("\r", "\n", "-", "X", "a", '"', "é", "\0"), maxLength: 40 });
    // A form writes a quote as %22 and line ends as %0D and %0A, but leaves a % as it is: those names are ambiguous.
    const entry = fc.record({
      name: fc
        .string({ minLength: 1, maxLength: 10 })
        .filter((name) => !/[\r\n\\\ud800-\udfff]|%(?:0A|0D|22)/.test(name)),
      content: letters,
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(entry, { maxLength: 4 }),
        fc.array(fc.nat(), { maxLength: 30 }),
        async (entries, places) => {
          const data = new FormData();
          for (const { name, content } of entries) data.append(name, new Blob([content]), `${name}.mp4`);
          const response = new Response(data);
          const made = response.headers.get("content-type") ?? "";
          const parts = await read(new Uint8Array(await response.arrayBuffer()), made, places);
          expect(parts).toEqual(
            entries.map(({ name, content }) => ({
              name,
              fileName: `${name}.mp4`,
              text: Buffer.from(content).toString("latin1"),
            })),
          );
        },
      ),
      { numRuns: 60 },
    );
  });

  test("byte by byte, with text before and after, and boundaries inside of the content", async () => {
    const body = form(
      "to be ignored",
      "--XX",
      'Content-Disposition: form-data; name="a"',
      "",
      "--XX is here, and\r--XX and\n--XX and --X",
      "--XX  ",
      'content-disposition: form-data; filename="%22b%22.mp4"; name="file"',
      "Content-Type: video/mp4",
      "",
      "",
      "--XX--",
      "to be ignored",
    );
    const places = Array.from({ length: body.length }, (_, index) => index);
    expect(await read(body, 'Multipart/Form-Data; charset=utf-8; boundary="XX"', places)).toEqual([
      { name: "a", fileName: undefined, text: "--XX is here, and\r--XX and\n--XX and --X" },
      { name: "file", fileName: '"b".mp4', text: "" },
    ]);
  });

  test("a part that is left half read is skipped", async () => {
    const part = (name: string): string =>
      form("--XX", `Content-Disposition: form-data; name="${name}"`, "", "0123", "");
    const body = Buffer.from(`${part("a")}${part("b")}--XX--`);
    const names: string[] = [];
    for await (const { name, body: content } of formParts(cut(body, [70, 72]), type)) {
      names.push(name);
      if (name === "a") for await (const _ of content) break;
    }
    expect(names).toEqual(["a", "b"]);
  });

  test("memory stays at a chunk: the first bytes of a file are there before the last are sent", async () => {
    let sent = 0;
    async function* endless(): AsyncGenerator<Uint8Array> {
      yield Buffer.from(form("--XX", 'Content-Disposition: form-data; name="a"', "", ""));
      for (; sent < 100; sent += 1) yield Buffer.alloc(1000);
    }
    for await (const { body } of formParts(endless(), type)) {
      const first = await body.next();
      expect(first.value?.length).toBeGreaterThan(900);
      expect(sent).toBeLessThan(3);
      break;
    }
  });
});

describe("what is no form", () => {
  const head = 'Content-Disposition: form-data; name="a"';
  test.each([
    ["another type", "--XX--", "application/json"],
    ["no boundary", "--XX--", "multipart/form-data"],
    ["nothing at all", "", type],
    ["no boundary in the body", "hello", type],
    ["an end in the headers", form("--XX", head), type],
    ["an end in the content", form("--XX", head, "", "abc"), type],
    ["an end in front of the last boundary", form("--XX", head, "", "abc", "--X"), type],
    ["a part without a name", form("--XX", "Content-Type: text/plain", "", "abc", "--XX--"), type],
    ["a boundary that goes on", form("--XXX", head, "", "abc", "--XX--"), type],
    ["headers without an end", form("--XX", head, "a".repeat(20_000), "", "abc", "--XX--"), type],
  ])("%s", async (_name, body, contentType) => {
    await expect(read(body, contentType)).rejects.toThrow(FormError);
  });
});
