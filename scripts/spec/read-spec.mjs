// Reads a specification of the VOD API in any of the forms it is published in, into one: actions and objects with the
// members of each. What a form does not say about a member is left out, and is not compared.
import { readFile } from "node:fs/promises";

/**
 * @typedef {object} Member
 * @property {string} name
 * @property {string} type name of an object, or string, datetime_iso, int64, uint64, float, bool; of a form that says
 *   less: text, number
 * @property {boolean} list
 * @property {boolean} [required]
 * @property {boolean} [requiredInAnswers] where it is another thing: of an object that stands in requests and answers
 * @property {boolean} [nullable]
 * @property {boolean} deprecated
 * @property {readonly string[]} [values] what it may be
 * @property {boolean} [valuesListed] the vendor's description lists them, each in a line of its own
 */

/**
 * @typedef {object} Spec
 * @property {"own" | "api.json" | "models.d.ts"} form
 * @property {readonly string[]} actions
 * @property {ReadonlyMap<string, readonly Member[]>} objects an action's members are those of `<action>Request` and
 *   `<action>Response`
 */

/** `<li>NAME: what it is` is how the vendor's descriptions list what a text may be. */
const listed = /<li>\s*([A-Za-z][\w.+-]*)\s*(?=[：:（(<，,；;。]|$)/g;

/** @returns {readonly string[] | undefined} */
function valuesIn(description) {
  const names = [...new Set([...description.matchAll(listed)].map(([, name]) => name))];
  return names.length > 1 ? names : undefined;
}

/** @returns {Spec} fixtures/spec/vod-actions.json */
export function readOwn(spec) {
  const members = (fields) =>
    fields.map(({ name, type, list = false, required, nullable, deprecated = false, values, known }) => ({
      name,
      type,
      list,
      required,
      nullable,
      deprecated,
      values: values ?? known,
      valuesListed: known !== undefined,
    }));
  const ofActions = Object.entries(spec.actions).flatMap(([action, { request, response }]) => [
    [`${action}Request`, members(request)],
    [`${action}Response`, members(response)],
  ]);
  const ofObjects = Object.entries(spec.objects).map(([name, fields]) => [name, members(fields)]);
  return { form: "own", actions: Object.keys(spec.actions), objects: new Map([...ofActions, ...ofObjects]) };
}

/** @returns {Spec} api.json of tencentcloud-cli, whole or a part of it */
function readApiJson({ actions, objects }) {
  const scalars = new Set(["string", "datetime_iso"]);
  const members = (name, list) => {
    const asked = name.endsWith("Request");
    return list
      .filter((member) => !(name.endsWith("Response") && member.name === "RequestId"))
      .map(({ name: member, type, member: of, document, disabled = false, ...presence }) => {
        const nullable = !asked && presence.value_allowed_null === true;
        return {
          name: member,
          type: of,
          list: type === "list",
          // What may be null may be missing as well.
          required: (presence.required ?? presence.output_required ?? false) && !nullable,
          requiredInAnswers: (presence.output_required ?? presence.required ?? false) && !nullable,
          nullable,
          deprecated: disabled,
          values: scalars.has(of) ? valuesIn(document ?? "") : undefined,
        };
      });
  };
  return {
    form: "api.json",
    actions: Object.keys(actions),
    objects: new Map(Object.entries(objects).map(([name, object]) => [name, members(name, object.members)])),
  };
}

const plainTypes = { string: "text", number: "number", boolean: "bool" };

/** @returns {Spec} vod_models.d.ts of tencentcloud-sdk-nodejs, whose answers' members are all optional */
function readModels(text) {
  const objects = new Map();
  for (const [, name, body] of text.matchAll(/^export (?:interface|type) (\w+)(?: = null| \{\n([\s\S]*?)\n\})/gm)) {
    const found = (body ?? "").matchAll(/\/\*\*\n([\s\S]*?)\*\/\n {4}(\w+)(\??): (Array<)?(\w+)(?: \| bigint)?>?;/g);
    const members = [...found].map(([, description, member, optional, list, type]) => ({
      name: member,
      type: plainTypes[type] ?? type,
      list: list !== undefined,
      required: name.endsWith("Request") ? optional === "" : undefined,
      deprecated: /^\s*\* @deprecated$/m.test(description),
      values: type === "string" ? valuesIn(description) : undefined,
    }));
    objects.set(
      name,
      members.filter((member) => !(name.endsWith("Response") && member.name === "RequestId")),
    );
  }
  const actions = [...objects.keys()].flatMap((name) => {
    const action = /^(.+)Request$/.exec(name)?.[1];
    return action !== undefined && objects.has(`${action}Response`) ? [action] : [];
  });
  return { form: "models.d.ts", actions, objects };
}

/**
 * @returns {Promise<Spec>}
 * @throws {Error} that says what is wrong with the file
 */
export async function readSpec(path) {
  const text = await readFile(path, "utf8");
  if (path.endsWith(".d.ts")) {
    const spec = readModels(text);
    if (spec.actions.length === 0) throw new Error(`${path} declares no request and response of an action`);
    return spec;
  }
  let json;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new Error(`${path} is neither JSON nor a .d.ts: ${error.message}`, { cause: error });
  }
  const { actions, objects } = json ?? {};
  if (typeof actions !== "object" || actions === null || typeof objects !== "object" || objects === null) {
    throw new Error(`${path} has no "actions" and "objects"`);
  }
  return Object.values(objects).some((object) => Array.isArray(object?.members)) ? readApiJson(json) : readOwn(json);
}
