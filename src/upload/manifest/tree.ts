import type { ManifestContent, ManifestType, ManifestWarning, Reference } from "./content.ts";
import type { LocatedFile, NotLocated } from "./folder.ts";
import { ManifestError, SourceError } from "../../errors.ts";
import { manifestTypeOf, maxFiles } from "./content.ts";
import { circleOf, differenceOf } from "./checks.ts";
import { ManifestFolder } from "./folder.ts";
import { folderOf, resolveReference, shownReference } from "./path.ts";
import { readContent, readText } from "./read.ts";
import { inParallel } from "../../http/in-parallel.ts";

/** Asks the service for the files of a manifest; `refused` is why it takes none of it. */
export type ListSegments = (
  content: string,
  type: ManifestType,
) => Promise<{ readonly segments: readonly string[] } | { readonly refused: string }>;

export interface TreeOptions {
  /** Left out: the local reader alone finds the files. */
  readonly list?: ListSegments | undefined;
  readonly warn: (warning: ManifestWarning) => void;
  readonly signal: AbortSignal;
}

/** Everything that belongs to a manifest, each file once. */
export interface ManifestTree {
  readonly folder: ManifestFolder;
  readonly top: LocatedFile;
  /** Segments, keys and what else is no manifest, in the order of their first mention. */
  readonly segments: readonly LocatedFile[];
  /** Nested manifests. */
  readonly manifests: readonly LocatedFile[];
}

/** A file that a manifest refers to. */
interface Entry {
  readonly path: string;
  /** Undefined for what is no manifest. */
  type: ManifestType | undefined;
  /** A playlist by its meaning only: one look at its first line decides. */
  readonly unsure: boolean;
  required: boolean;
  /** What a problem with it begins with. */
  readonly mention: string;
  located: LocatedFile | NotLocated | undefined;
}

/** A manifest that was read. */
interface Manifest {
  readonly entry: Entry;
  readonly type: ManifestType;
  readonly file: LocatedFile;
  /** Whether the local reader understood it. */
  readonly understood: boolean;
  /** By the URI as it stands there; undefined where it is no file of the upload. */
  readonly targets: Map<string, string | undefined>;
  /** What it cannot do without, and what it names besides. */
  readonly needs: Set<string>;
  readonly mentions: Set<string>;
}

/** Files that are looked for at the same time. */
const looksAtOnce = 16;

/**
 * Finds the files of an HLS or DASH tree and makes sure that each one exists and lies in the manifest's folder or below
 * it. Nothing else is opened, and of what belongs to the tree only its manifests.
 *
 * With `list`, the service says what belongs to each manifest, as it does to the vendor's clients; what the local
 * reader finds besides is uploaded too, and a difference is a warning.
 *
 * @throws ManifestError `MANIFEST_INVALID` with every problem of the whole tree
 * @throws SourceError when the manifest itself cannot be read
 */
export async function readManifestTree(path: string, type: ManifestType, options: TreeOptions): Promise<ManifestTree> {
  const { folder, name } = await ManifestFolder.around(path);
  const top = await folder.locate(name);
  if ("why" in top) {
    if (top.flaw === "outside") throw new ManifestError(path, [`it ${top.why}; give the path that it leads to`]);
    const code = top.flaw === "absent" ? "SOURCE_NOT_FOUND" : "SOURCE_UNREADABLE";
    throw new SourceError(code, `${path} ${top.why}`);
  }
  return new TreeReader(folder, { ...top, label: path }, type, options).read();
}

class TreeReader {
  readonly #folder: ManifestFolder;
  readonly #top: LocatedFile;
  readonly #options: TreeOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #manifests: Manifest[] = [];
  readonly #problems = new Set<string>();
  #pending: Entry[] = [];

  constructor(folder: ManifestFolder, top: LocatedFile, type: ManifestType, options: TreeOptions) {
    this.#folder = folder;
    this.#top = top;
    this.#options = options;
    const entry = { path: top.path, type, unsure: false, required: true, mention: top.path, located: top };
    this.#entries.set(top.path, entry);
    this.#pending.push(entry);
  }

  async read(): Promise<ManifestTree> {
    await this.#explore();
    this.#refuseProblems();
    if (this.#options.list !== undefined) {
      // Grows while it is walked through: the service may name manifests that the local reader has not seen.
      for (const manifest of this.#manifests) {
        await this.#ask(manifest, this.#options.list);
        await this.#explore();
      }
      this.#refuseProblems();
    }
    this.#warnOfCircle();
    const found = [...this.#entries.values()].filter(({ path }) => path !== this.#top.path);
    const files = (wanted: (entry: Entry) => boolean): LocatedFile[] =>
      found.filter(wanted).flatMap(({ located }) => (located === undefined || "why" in located ? [] : [located]));
    return {
      folder: this.#folder,
      top: this.#top,
      segments: files(({ type }) => type === undefined),
      manifests: files(({ type }) => type !== undefined),
    };
  }

  /** Looks for the files that were mentioned, reads the manifests among them, and so on until nothing new comes up. */
  async #explore(): Promise<void> {
    while (this.#pending.length > 0) {
      const found = this.#pending;
      this.#pending = [];
      await inParallel({
        items: () => found,
        most: () => looksAtOnce,
        signal: this.#options.signal,
        work: (entry) => this.#locate(entry),
      });
      for (const entry of found) {
        this.#options.signal.throwIfAborted();
        const { located, type, required, mention } = entry;
        if (located === undefined) continue;
        if (!("why" in located)) {
          if (type !== undefined) await this.#visit(entry, located);
        } else if (required || located.flaw !== "absent") {
          this.#problems.add(`${mention} ${located.why}`);
        }
      }
    }
  }

  async #locate(entry: Entry): Promise<void> {
    entry.located ??= await this.#folder.locate(entry.path);
  }

  async #visit(entry: Entry, file: LocatedFile): Promise<void> {
    if (entry.type === undefined) return;
    const read = await readText(this.#folder, file);
    const content: ManifestContent =
      "text" in read ? await readContent(read.text, entry.type) : { references: [], problems: [], ...read };
    if (entry.unsure && content.unreadable !== undefined) {
      entry.type = undefined;
      return;
    }
    const manifest: Manifest = {
      entry,
      file,
      type: entry.type,
      understood: content.unreadable === undefined,
      targets: new Map(),
      needs: new Set(),
      mentions: new Set(),
    };
    this.#manifests.push(manifest);
    this.#reportUnreadable(manifest, content);
    for (const problem of content.problems) this.#problems.add(`${entry.path}, ${problem}`);
    if (manifest.understood) for (const reference of content.references) this.#follow(manifest, reference);
  }

  /**
   * A DASH manifest beyond the local reader may still be read by the service, which every player's URL goes to anyway.
   */
  #reportUnreadable({ entry, type }: Manifest, { unreadable }: ManifestContent): void {
    if (unreadable === undefined) return;
    if (type === "m3u8" || this.#options.list === undefined) {
      this.#problems.add(`${entry.path} ${unreadable}`);
    } else {
      const message = `${entry.path} ${unreadable}; only the service says what belongs to it`;
      this.#options.warn({ code: "MANIFEST_DIFFERENCE", message });
    }
  }

  #follow(manifest: Manifest, { uri, where, playlist, mayBeElsewhere, optional }: Reference): void {
    const target = resolveReference(folderOf(manifest.entry.path), uri, mayBeElsewhere);
    const mention = `${manifest.entry.path}, ${where}: ${shownReference(uri)}`;
    if (target.kind === "refused") {
      this.#problems.add(`${mention} ${target.why}`);
      return;
    }
    manifest.targets.set(uri, target.kind === "file" ? target.path : undefined);
    if (target.kind !== "file") return;
    manifest.mentions.add(target.path);
    if (!optional) manifest.needs.add(target.path);
    this.#mention(target.path, mention, playlist, !optional);
  }

  #mention(path: string, mention: string, playlist: boolean, required: boolean): void {
    const known = this.#entries.get(path);
    if (known !== undefined) {
      const { located } = known;
      if (required && !known.required && located !== undefined && "why" in located && located.flaw === "absent")
        this.#problems.add(`${mention} ${located.why}`);
      known.required ||= required;
      return;
    }
    if (this.#entries.size >= maxFiles)
      throw new ManifestError(this.#top.label, [`it names more than ${maxFiles} files`]);
    const byName = manifestTypeOf(path);
    const type = byName ?? (playlist ? "m3u8" : undefined);
    const unsure = byName === undefined;
    const entry: Entry = { path, type, unsure, required, mention, located: undefined };
    this.#entries.set(path, entry);
    this.#pending.push(entry);
  }

  async #ask(manifest: Manifest, list: ListSegments): Promise<void> {
    const { path } = manifest.entry;
    const read = await readText(this.#folder, manifest.file);
    const answer = "text" in read ? await list(read.text, manifest.type) : { refused: read.unreadable };
    if ("refused" in answer) {
      this.#problems.add(`${path}: ${answer.refused}`);
      return;
    }
    const named = new Set<string>();
    for (const uri of answer.segments) {
      const file = this.#serviceTarget(manifest, uri);
      if (file !== undefined) named.add(file);
    }
    const difference = manifest.understood ? differenceOf(manifest, named) : undefined;
    if (difference !== undefined)
      this.#options.warn({ code: "MANIFEST_DIFFERENCE", message: `${path}: ${difference}` });
  }

  /** The file that the service means: it may give a name as it stands in the manifest, or decoded. */
  #serviceTarget(manifest: Manifest, uri: string): string | undefined {
    if (manifest.targets.has(uri)) return manifest.targets.get(uri);
    const folder = folderOf(manifest.entry.path);
    if (manifest.mentions.has(folder + uri)) return folder + uri;
    const target = resolveReference(folder, uri, false);
    const named = "which only the service names (offlineManifest leaves it out)";
    const mention = `${manifest.entry.path}: ${shownReference(uri)}, ${named},`;
    if (target.kind === "file") {
      if (!manifest.mentions.has(target.path)) this.#mention(target.path, mention, false, true);
      return target.path;
    }
    if (target.kind === "refused") this.#problems.add(`${mention} ${target.why}`);
    return undefined;
  }

  #refuseProblems(): void {
    if (this.#problems.size > 0) throw new ManifestError(this.#top.label, [...this.#problems]);
  }

  #warnOfCircle(): void {
    const circle = circleOf(new Map(this.#manifests.map(({ entry, mentions }) => [entry.path, mentions])));
    if (circle.length === 0) return;
    const message = `${this.#top.label}: manifests refer to each other in a circle: ${circle.slice(0, 10).join(", ")}`;
    this.#options.warn({ code: "MANIFEST_LOOP", message });
  }
}
