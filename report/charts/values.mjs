// How many values of a dimension charts have room for: those with most leads.

export const MOST_VALUES = 9;

export const ofMost = (values) => (values.length > MOST_VALUES ? `, the ${MOST_VALUES} largest of ${values.length}` : '');
