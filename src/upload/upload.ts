import type { UploadEnvironment } from "./environment.ts";
import type { UploadOptions } from "./options.ts";
import type { ApplyFields } from "./session.ts";
import type { OpenedSource, SourceAccess, UploadSource } from "./source.ts";
import type { UploadResult } from "./upload-result.ts";
import { applyFields } from "./apply-fields.ts";
import { checkCheckpoint } from "./checkpoint.ts";
import { checkOptions } from "./options.ts";
import { openSource } from "./source.ts";
import { UploadRun } from "./upload-run.ts";

/** What an upload is made of once everything was checked that can be checked before a request is sent. */
export interface ReadyUpload {
  readonly media: OpenedSource;
  readonly cover: OpenedSource | undefined;
  readonly fields: ApplyFields;
}

/**
 * One upload from beginning to end.
 * @throws every class of errors.ts, TypeError/RangeError for bad options, or the signal's own reason
 */
export async function runUpload(
  environment: UploadEnvironment,
  input: UploadSource,
  options: UploadOptions,
): Promise<UploadResult> {
  return withSources(environment, input, options, ({ media, cover, fields }) =>
    new UploadRun(environment, options, media, cover, fields).run(),
  );
}

/** Checks the options, opens the sources, uses them, and closes them whatever happened. */
export async function withSources<T>(
  environment: UploadEnvironment,
  input: UploadSource,
  options: UploadOptions,
  use: (ready: ReadyUpload) => Promise<T>,
): Promise<T> {
  const now = environment.wire.clock.now();
  checkOptions(options, now);
  if (options.checkpoint !== undefined) checkCheckpoint(options.checkpoint);
  options.signal?.throwIfAborted();
  const { lanes, wire } = environment;
  const signal = options.signal ?? new AbortController().signal;
  const access: SourceAccess = { lanes, download: (request) => wire.transport.download(request), signal };
  const opened: OpenedSource[] = [];
  const open = async (field: string, source: UploadSource, size?: number): Promise<OpenedSource> => {
    const ready = await openSource(field, source, size, access);
    opened.push(ready);
    return ready;
  };
  try {
    const media = await open("source", input, options.size);
    const cover = options.cover === undefined ? undefined : await open("cover", options.cover);
    return await use({ media, cover, fields: applyFields(options, media.fileName, cover, now) });
  } finally {
    for (const source of opened) await source.close();
  }
}
