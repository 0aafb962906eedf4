/**
 * The one mistake this process makes: the name in MUTANT; none without it. Each name stands in one place of this folder,
 * and in table.ts with the rule it breaks.
 */
export const makes = (name) => process.env.MUTANT === name;

/** What this process does in an unusual way that is correct: the name in HABIT. Each stands in habits.ts as well. */
export const has = (name) => process.env.HABIT === name;
