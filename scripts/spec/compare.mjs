// What a newer specification of the VOD API says that ours does not, and the other way round.

/** How much the less precise of two forms can tell apart. */
const coarse = { string: "text", datetime_iso: "text", int64: "number", uint64: "number", float: "number" };

const named = ({ type, list }) => (list ? `${type}[]` : type);
const minus = (names, others) => {
  const there = new Set(others);
  return names.filter((name) => !there.has(name)).sort((a, b) => (a < b ? -1 : 1));
};

function typeDrift(ours, theirs) {
  const loose = [ours.type, theirs.type].some((type) => type === "text" || type === "number");
  const of = ({ type }) => (loose ? (coarse[type] ?? type) : type);
  const same = of(ours) === of(theirs) && ours.list === theirs.list;
  return same ? [] : [`type changed: ${named(ours)} → ${named(theirs)}`];
}

function flagDrift(ours, theirs, amended) {
  const told = (flag) => ours[flag] !== undefined && theirs[flag] !== undefined && !amended.has(flag);
  const changed = (flag, yes, no) => (told(flag) && ours[flag] !== theirs[flag] ? [theirs[flag] ? yes : no] : []);
  return [
    ...changed("required", "now required", "now optional"),
    ...changed("nullable", "may now be null", "never null now"),
    ...changed("deprecated", "now deprecated", "no longer deprecated"),
  ];
}

function valueDrift(ours, theirs) {
  // Some of ours were read from prose, which is not compared.
  if (theirs.values === undefined) return ours.valuesListed ? ["its values are no longer listed"] : [];
  const added = minus(theirs.values ?? [], ours.values ?? []);
  const removed = minus(ours.values ?? [], theirs.values ?? []);
  return [
    ...(added.length === 0 ? [] : [`values added: ${added.join(", ")}`]),
    ...(removed.length === 0 ? [] : [`values removed: ${removed.join(", ")}`]),
  ];
}

/** Names of the objects that requests are made of. */
function asked({ actions, objects }) {
  const found = new Set();
  const next = actions.map((action) => `${action}Request`);
  for (let name = next.pop(); name !== undefined; name = next.pop()) {
    if (found.has(name)) continue;
    found.add(name);
    next.push(...(objects.get(name) ?? []).map(({ type }) => type));
  }
  return found;
}

/** A member that may be null may be missing too, so that an amendment of one is of both. */
function amendedFlags(amendments, object, field) {
  const own = amendments.filter((amendment) => amendment.object === object && amendment.field === field);
  return new Set(own.flatMap(({ nullable }) => (nullable === true ? ["nullable", "required"] : ["required"])));
}

/**
 * @param {import("./read-spec.mjs").Spec} ours
 * @param {import("./read-spec.mjs").Spec} theirs
 * @param {{ otherActions: readonly string[], amendments: readonly object[] }} about names of the API's actions that
 *   ours leaves out, and where ours departs from its source
 * @returns {string[]} one line for each difference; empty when there is none
 */
export function compareSpecs(ours, theirs, { otherActions, amendments }) {
  const lines = [];
  const gone = minus(ours.actions, theirs.actions);
  for (const action of gone) lines.push(`action ${action}: removed`);
  for (const action of minus(theirs.actions, [...ours.actions, ...otherActions])) lines.push(`action ${action}: added`);
  // A file of our actions alone is a part of the API, not one that has lost all others.
  if (theirs.actions.some((action) => otherActions.includes(action)))
    for (const action of minus(otherActions, theirs.actions)) lines.push(`action ${action}: removed`);
  const inRequests = asked(ours);
  const ofGone = new Set(gone.flatMap((action) => [`${action}Request`, `${action}Response`]));
  for (const [object, members] of ours.objects) {
    if (ofGone.has(object)) continue;
    const others = theirs.objects.get(object);
    // Named or not by members that are compared, it is left open there.
    if (others === undefined) continue;
    const byName = new Map(
      others.map(({ requiredInAnswers, ...member }) => [
        member.name,
        { ...member, required: inRequests.has(object) ? member.required : (requiredInAnswers ?? member.required) },
      ]),
    );
    for (const member of members) {
      const other = byName.get(member.name);
      const at = `${object}.${member.name}`;
      if (other === undefined) {
        lines.push(`${at}: removed`);
        continue;
      }
      const amended = theirs.form === "own" ? new Set() : amendedFlags(amendments, object, member.name);
      const drift = [...typeDrift(member, other), ...flagDrift(member, other, amended), ...valueDrift(member, other)];
      for (const one of drift) lines.push(`${at}: ${one}`);
    }
    const names = members.map(({ name }) => name);
    for (const name of minus([...byName.keys()], names)) {
      const { required, deprecated, ...type } = byName.get(name);
      const flags = `${required === true ? ", required" : ""}${deprecated ? ", deprecated" : ""}`;
      lines.push(`${object}.${name}: added, ${named(type)}${flags}`);
    }
  }
  return lines;
}
