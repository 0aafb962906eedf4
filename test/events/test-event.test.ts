import { describe, expect, test } from "vitest";
import { createTestEvent, eventFields, parseEvent } from "../../src/events/index.ts";
import { verifyCallback } from "../../src/signing/index.ts";

const kinds = Object.keys(eventFields);

describe.each(["3.0", "2.0"] as const)("format %s", (format) => {
  test.each(kinds)("%s parses as what it was made as", (kind) => {
    const event = parseEvent(createTestEvent(kind, { format, fileId: "42", handle: "h-1" }));
    expect(event).toMatchObject({ type: kind, format, fileId: "42", handle: "h-1" });
  });

  test("every named override comes back", () => {
    const wanted = {
      fileId: "1",
      sourceType: "Record",
      sourceContext: "x",
      procedureTaskId: "p",
      mediaUrl: "https://host/f.mp4",
    };
    expect(parseEvent(createTestEvent("NewFileUpload", { format, ...wanted }))).toMatchObject(wanted);
    const task = { taskId: "t", status: "PROCESSING", fileId: "2" };
    expect(parseEvent(createTestEvent("ProcedureStateChanged", { format, ...task }))).toMatchObject(task);
  });
});

test("an upload is a server's unless it is said otherwise", () => {
  for (const format of ["3.0", "2.0"] as const) {
    expect(parseEvent(createTestEvent("NewFileUpload", { format })).isServerUpload).toBe(true);
    expect(parseEvent(createTestEvent("NewFileUpload", { format, sourceType: "Record" })).isServerUpload).toBe(false);
  }
});

test("wire members are merged into the body and win", () => {
  const body = createTestEvent("NewFileUpload", {
    fileId: "1",
    FileUploadEvent: { FileId: "2", MediaBasicInfo: { Name: "mine" } },
  });
  expect(body).toMatchObject({
    FileUploadEvent: { FileId: "2", ProcedureTaskId: "", MediaBasicInfo: { Name: "mine", Type: "mp4" } },
  });
});

test("with a key the body is signed for ten minutes, or for the T that was given", () => {
  const key = "abcDEF0123456789";
  expect(verifyCallback(createTestEvent("NewFileUpload", {}, key), key)).toEqual({ valid: true });
  const past = createTestEvent("NewFileUpload", { T: 1_700_000_000 }, key);
  expect(verifyCallback(past, key)).toEqual({ valid: false, reason: "expired" });
  expect(verifyCallback(past, key, { now: 1_700_000_000 })).toEqual({ valid: true });
  expect(createTestEvent("NewFileUpload")).not.toHaveProperty("Sign");
});

test("a type nobody knows makes a body without content", () => {
  expect(createTestEvent("HologramComplete")).toEqual({ EventType: "HologramComplete" });
});

test("each call makes a body of its own", () => {
  const body = createTestEvent("NewFileUpload");
  body["FileUploadEvent"] = null;
  expect(createTestEvent("NewFileUpload")["FileUploadEvent"]).not.toBeNull();
});

test("a kind must be a name", () => {
  expect(() => createTestEvent("")).toThrow(expect.objectContaining({ code: "ERR_INVALID_ARG_VALUE" }));
});
