interface TreeLimits {
  readonly manifestBytes: number;
  readonly bytes: number;
  readonly manifests: number;
  readonly depth: number;
  readonly files: number;
  readonly references: number;
  readonly characters: number;
  readonly steps: number;
  readonly problems: number;
}

/**
 * What one tree may take of memory and time. The largest that is known, a day of two-second segments in ten renditions,
 * has less than half of each.
 */
export const treeLimits: TreeLimits = {
  /** Bytes of one manifest; a day of two-second segments with a key for each has 12 MB. */
  manifestBytes: 32 * 2 ** 20,
  /** Bytes of all manifests together; one that is read again for other variables counts again. */
  bytes: 128 * 2 ** 20,
  manifests: 1_000,
  /** Manifests that refer to one another in a row; HLS needs 2. */
  depth: 16,
  files: 200_000,
  /** Different references of all manifests together: several may share files, templates write many in one line. */
  references: 500_000,
  /** Characters of all of them. */
  characters: 64 * 2 ** 20,
  /** Characters and elements looked at for DASH, where what is written once is looked at for each representation. */
  steps: 2 ** 28,
  /** Problems that are listed; beyond them nothing more is looked for. */
  problems: 2_000,
};

/** A tree is beyond one of the limits. */
export class ManifestExcess extends Error {}

/** Counts what a tree takes, and ends the reading at the limit: before the memory is taken. */
export class TreeBudget {
  #bytes = 0;
  #manifests = 0;
  #files = 0;
  #references = 0;
  #characters = 0;
  #steps = 0;
  #excess: ManifestExcess | undefined;

  /** @throws ManifestExcess */
  manifest(bytes: number): void {
    if (this.#excess !== undefined) throw this.#excess;
    this.#bytes += bytes;
    this.#manifests += 1;
    if (this.#manifests > treeLimits.manifests) {
      this.#end(`it refers to more than ${treeLimits.manifests} manifests`);
    }
    if (this.#bytes > treeLimits.bytes) {
      this.#end(`its manifests have more than ${treeLimits.bytes} bytes together`);
    }
  }

  /** @throws ManifestExcess */
  file(path: string): void {
    this.#files += 1;
    if (this.#files > treeLimits.files) this.#end(`it names more than ${treeLimits.files} files`);
    this.#take(path);
  }

  /** @throws ManifestExcess */
  reference(uri: string): void {
    this.#references += 1;
    if (this.#references > treeLimits.references) {
      this.#end(`its manifests hold more than ${treeLimits.references} references`);
    }
    this.#take(uri);
  }

  /** @throws ManifestExcess */
  steps(count: number): void {
    this.#steps += count;
    if (this.#steps > treeLimits.steps) {
      this.#end(`reading it takes more than ${treeLimits.steps} steps`);
    }
  }

  #end(message: string): never {
    this.#excess = new ManifestExcess(message);
    throw this.#excess;
  }

  #take(text: string): void {
    this.#characters += text.length;
    if (this.#characters > treeLimits.characters) {
      this.#end(`its references have more than ${treeLimits.characters} characters together`);
    }
  }
}
