/** Every way to say of one member of an answer that there is nothing, and other ways to say the same. */

type Path = readonly (string | number)[];
type Change = (holder: Record<string, unknown>, name: string) => void;

export interface Variation {
  /** Where it stands, such as `TempCertificate.Token`. */
  readonly path: string;
  readonly forms: readonly { readonly form: string; readonly answer: unknown }[];
}

const put =
  (value: unknown): Change =>
  (holder, name) =>
    void (holder[name] = value);
const leaveOut: Change = (holder, name) => {
  if (Array.isArray(holder)) holder.splice(Number(name), 1);
  else Reflect.deleteProperty(holder, name);
};

const nothing: readonly (readonly [string, Change])[] = [
  ["left out", leaveOut],
  ["null", put(null)],
  ['""', put("")],
];

/** A copy of the answer, with one place changed. */
function changed(answer: unknown, path: Path, change: Change): unknown {
  const copy = structuredClone(answer);
  let holder = copy as Record<string, unknown>;
  for (const step of path.slice(0, -1)) holder = holder[step] as Record<string, unknown>;
  change(holder, String(path.at(-1)));
  return copy;
}

function places(value: unknown, path: Path = []): { readonly path: Path; readonly value: unknown }[] {
  const own = path.length === 0 ? [] : [{ path, value }];
  if (typeof value !== "object" || value === null) return own;
  return [
    ...own,
    ...Object.entries(value).flatMap(([name, member]) =>
      places(member, [...path, Array.isArray(value) ? Number(name) : name]),
    ),
  ];
}

/** Each text, object and list of the answer: the forms in which it says nothing. Lists may also be empty. */
export function nothings(answer: unknown): Variation[] {
  return places(answer)
    .filter(({ value }) => typeof value === "string" || (typeof value === "object" && value !== null))
    .map(({ path, value }) => ({
      path: path.join("."),
      forms: [...nothing, ...(Array.isArray(value) ? [["[]", put([])] as const] : [])].map(([form, change]) => ({
        form,
        answer: changed(answer, path, change),
      })),
    }));
}

/** Each number of the answer, as it is and as decimal text. */
export function numbersAsText(answer: unknown): Variation[] {
  return places(answer)
    .filter(({ value }) => typeof value === "number")
    .map(({ path, value }) => ({
      path: path.join("."),
      forms: [
        { form: "a number", answer },
        { form: "a text", answer: changed(answer, path, put(String(value))) },
      ],
    }));
}

/** Each object of the answer, without and with members that nobody knows. */
export function unknownMembers(answer: unknown): Variation[] {
  const known = { form: "as it is", answer };
  const add = (object: Record<string, unknown>): void => {
    const own = { ...object };
    for (const name of Object.keys(object)) Reflect.deleteProperty(object, name);
    // Before those that are known, where a client that takes the first of a kind would find them.
    Object.assign(object, { AddedObject: { Of: "later" }, AddedText: "later", AddedSet: [{ Of: "later" }] }, own);
  };
  return [{ path: [], value: answer } as const, ...places(answer)]
    .filter(({ value }) => typeof value === "object" && value !== null && !Array.isArray(value))
    .map(({ path }) => {
      const copy = structuredClone(answer);
      let object = copy as Record<string, unknown>;
      for (const step of path) object = object[step] as Record<string, unknown>;
      add(object);
      return { path: path.join(".") || "Response", forms: [known, { form: "with more", answer: copy }] };
    });
}

/** Answers that differ in one place only must have one outcome. @returns the places where they have several */
export async function differences(
  variations: readonly Variation[],
  outcome: (answer: unknown) => unknown,
): Promise<string[]> {
  const found: string[] = [];
  for (const { path, forms } of variations) {
    const outcomes: [string, string][] = [];
    for (const { form, answer } of forms) outcomes.push([form, JSON.stringify(await outcome(answer))]);
    const [first] = outcomes;
    const others = outcomes.filter(([, each]) => each !== first?.[1]);
    if (others.length > 0) found.push(`${path}: ${[first, ...others].map((each) => each?.join(" → ")).join("; ")}`);
  }
  return found;
}
