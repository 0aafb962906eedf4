import type { ManifestContent, ManifestType, ManifestWarning, Reference } from "./content.ts";
import type { LocatedFile } from "./folder.ts";
import { ManifestError, SourceError } from "../../errors.ts";
import type { Entry, Manifest, Mention } from "./entry.ts";
import type { PlaylistSetting, Variables } from "./m3u8-variables.ts";
import { manifestTypeOf } from "./content.ts";
import { circleOf, differenceOf, mayBeSegment } from "./checks.ts";
import { addTarget, isReadWith, newManifest } from "./entry.ts";
import { ManifestFolder } from "./folder.ts";
import { ManifestExcess, TreeBudget, treeLimits } from "./limits.ts";
import { givenBy, topSetting } from "./m3u8-variables.ts";
import { folderOf, queryOf, resolveReference, shownReference } from "./path.ts";
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

/** Files that are looked for at the same time. */
const looksAtOnce = 16;

/**
 * Finds the files of an HLS or DASH tree and makes sure that each one exists and lies in the manifest's folder or below
 * it. Nothing else is opened, and of what belongs to the tree only its manifests.
 *
 * With `list`, the service says what belongs to each manifest, as it does to the vendor's clients; what the local
 * reader finds besides is uploaded too, and a difference is a warning.
 *
 * @throws ManifestError `MANIFEST_INVALID` with every problem of the tree, up to 2,000, or the limit that it exceeds
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
  readonly #budget = new TreeBudget();
  readonly #entries = new Map<string, Entry>();
  readonly #manifests: Manifest[] = [];
  readonly #problems = new Set<string>();
  /** Needed files that were looked for and are not there. */
  #absent = 0;
  #pending: Entry[] = [];

  constructor(folder: ManifestFolder, top: LocatedFile, type: ManifestType, options: TreeOptions) {
    this.#folder = folder;
    this.#top = top;
    this.#options = options;
    const entry: Entry = {
      path: top.path,
      type,
      unsure: false,
      depth: 0,
      required: true,
      mention: () => top.path,
      located: top,
      settings: [topSetting],
      manifest: undefined,
    };
    this.#entries.set(top.path, entry);
    this.#pending.push(entry);
  }

  async read(): Promise<ManifestTree> {
    try {
      await this.#readAll();
    } catch (error) {
      if (!(error instanceof ManifestExcess)) throw error;
      throw new ManifestError(this.#top.label, [error.message, ...this.#problems]);
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

  async #readAll(): Promise<void> {
    await this.#explore();
    this.#refuseProblems();
    if (this.#options.list === undefined) return;
    // Grows while it is walked through: the service may name manifests that the local reader has not seen.
    for (const manifest of this.#manifests) {
      await this.#ask(manifest, this.#options.list);
      await this.#explore();
    }
    this.#refuseProblems();
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
          this.#problem(`${mention()} ${located.why}`);
        }
      }
    }
  }

  async #locate(entry: Entry): Promise<void> {
    if (entry.located !== undefined || this.#absent >= treeLimits.problems) return;
    entry.located = await this.#folder.locate(entry.path);
    if (entry.required && "why" in entry.located) this.#absent += 1;
  }

  async #visit(entry: Entry, file: LocatedFile): Promise<void> {
    const { settings } = entry;
    entry.settings = [];
    for (const setting of settings) {
      this.#options.signal.throwIfAborted();
      if (entry.type !== undefined && !isReadWith(entry, setting)) await this.#read(entry, entry.type, file, setting);
    }
  }

  async #read(entry: Entry, type: ManifestType, file: LocatedFile, setting: PlaylistSetting): Promise<void> {
    this.#budget.manifest(file.identity.size);
    const read = await readText(this.#folder, file);
    const content: ManifestContent =
      "text" in read
        ? await readContent(read.text, type, setting, this.#budget)
        : { references: [], problems: [], ...read };
    if (entry.unsure && content.unreadable !== undefined) {
      entry.type = undefined;
      return;
    }
    if (entry.manifest === undefined) this.#manifests.push((entry.manifest = newManifest(entry, type, file, content)));
    const { manifest } = entry;
    manifest.given.add(givenBy(setting, manifest.taken));
    this.#reportUnreadable(manifest, content);
    for (const problem of content.problems) this.#problem(`${entry.path}, ${problem}`);
    if (!manifest.understood) return;
    const variables = content.variables ?? topSetting.variables;
    for (const reference of content.references) this.#follow(manifest, reference, variables);
  }

  /**
   * A DASH manifest beyond the local reader may still be read by the service, which every player's URL goes to anyway.
   */
  #reportUnreadable({ entry, type }: Manifest, { unreadable }: ManifestContent): void {
    if (unreadable === undefined) return;
    if (type === "m3u8" || this.#options.list === undefined) {
      this.#problem(`${entry.path} ${unreadable}`);
    } else {
      const message = `${entry.path} ${unreadable}; only the service says what belongs to it`;
      this.#options.warn({ code: "MANIFEST_DIFFERENCE", message });
    }
  }

  #follow(manifest: Manifest, reference: Reference, variables: Variables): void {
    const { uri, written, where, playlist, mayBeElsewhere, optional } = reference;
    const { entry, targets, mentions, needs } = manifest;
    const target = resolveReference(folderOf(entry.path), uri, mayBeElsewhere);
    const filled = written === uri ? "" : `, here ${shownReference(uri)},`;
    const mention = (): string => `${entry.path}, ${where}: ${shownReference(written)}${filled}`;
    if (target.kind === "refused") {
      this.#problem(`${mention()} ${target.why}`);
      return;
    }
    const path = target.kind === "file" ? target.path : undefined;
    const isCompared = this.#options.list !== undefined;
    if (isCompared) for (const text of new Set([uri, written])) addTarget(targets, text, path);
    if (path === undefined) return;
    const setting = { variables, query: queryOf(uri) };
    const found = this.#mention(path, { mention, playlist, required: !optional, depth: entry.depth + 1, setting });
    if (isCompared || found.type !== undefined) mentions.add(path);
    if (isCompared && !optional) needs.add(path);
  }

  #mention(path: string, { mention, playlist, required, depth, setting }: Mention): Entry {
    const known = this.#entries.get(path);
    if (known !== undefined) {
      const { located } = known;
      if (required && !known.required && located !== undefined && "why" in located && located.flaw === "absent")
        this.#problem(`${mention()} ${located.why}`);
      known.required ||= required;
      if (known.type !== undefined && !isReadWith(known, setting)) {
        known.settings.push(setting);
        if (located !== undefined) this.#pending.push(known);
      }
      return known;
    }
    this.#budget.file(path);
    const byName = manifestTypeOf(path);
    const type = byName ?? (playlist ? "m3u8" : undefined);
    if (type !== undefined && depth > treeLimits.depth) {
      throw new ManifestExcess(`${mention()} is nested deeper than ${treeLimits.depth} manifests`);
    }
    const entry: Entry = {
      path,
      type,
      unsure: byName === undefined,
      depth,
      required,
      mention,
      located: undefined,
      settings: type === undefined ? [] : [setting],
      manifest: undefined,
    };
    this.#entries.set(path, entry);
    this.#pending.push(entry);
    return entry;
  }

  async #ask(manifest: Manifest, list: ListSegments): Promise<void> {
    const { path } = manifest.entry;
    const read = await readText(this.#folder, manifest.file);
    const answer = "text" in read ? await list(read.text, manifest.type) : { refused: read.unreadable };
    if ("refused" in answer) {
      this.#problem(`${path}: ${answer.refused}`);
      return;
    }
    const named = new Set<string>();
    for (const uri of answer.segments) {
      this.#budget.reference(uri);
      for (const file of this.#serviceTargets(manifest, uri)) named.add(file);
    }
    const difference = manifest.understood ? differenceOf(manifest, named) : undefined;
    if (difference !== undefined)
      this.#options.warn({ code: "MANIFEST_DIFFERENCE", message: `${path}: ${difference}` });
  }

  /** The file that the service means: it may give a name as it stands in the manifest, or decoded. */
  #serviceTargets({ entry, targets, mentions }: Manifest, uri: string): readonly string[] {
    const known = targets.get(uri);
    if (known !== undefined) return known;
    const folder = folderOf(entry.path);
    if (mentions.has(folder + uri)) return [folder + uri];
    const target = resolveReference(folder, uri, false);
    const named = "which only the service names (offlineManifest leaves it out)";
    const mention = (): string => `${entry.path}: ${shownReference(uri)}, ${named},`;
    if (target.kind === "file") {
      const setting = { variables: topSetting.variables, query: queryOf(uri) };
      if (!this.#entries.has(target.path) && !mayBeSegment(target.path)) {
        this.#problem(`${mention()} has not the name of a segment, and is not uploaded on the service's word alone`);
        return [];
      }
      if (!mentions.has(target.path))
        this.#mention(target.path, { mention, playlist: false, required: true, depth: entry.depth + 1, setting });
      return [target.path];
    }
    if (target.kind === "refused") this.#problem(`${mention()} ${target.why}`);
    return [];
  }

  #problem(problem: string): void {
    this.#problems.add(problem);
    if (this.#problems.size < treeLimits.problems) return;
    throw new ManifestExcess(`it has ${treeLimits.problems} problems or more, of which no further ones are looked for`);
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
