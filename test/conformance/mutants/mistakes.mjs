/**
 * The one mistake this process makes: the name in MUTANT; none without it. Each name stands in one place of this folder,
 * and in the table of ../mutants.test.ts with the rule it breaks.
 */
export const makes = (name) => process.env.MUTANT === name;
