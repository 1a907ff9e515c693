/**
 * HTML and SVG as tagged templates in which every value is escaped: there is no other way to put a text into a page. Attribute
 * values stand in double quotes in the templates.
 */
import { visible } from './printable.ts';

class Markup {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

export type { Markup };

type Value = string | number | Markup | readonly Markup[];

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Characters that would act (control, direction, line separators) are shown; those of HTML are escaped. */
const escaped = (text: string): string => visible(text).replace(/[&<>"']/g, (found) => ENTITIES[found] ?? '');

const shown = (value: Value): string => {
  if (value instanceof Markup) return value.text;
  // Each asked for itself: in a document from the disk an array may stand where a text belongs.
  if (Array.isArray(value)) return value.map(shown).join('');
  return typeof value === 'number' ? String(value) : escaped(String(value));
};

export const html = (parts: TemplateStringsArray, ...values: Value[]): Markup =>
  new Markup(parts.map((part, at) => (at < values.length ? part + shown(values[at] as Value) : part)).join(''));

/** A constant of this program as it is: a style sheet. Never a text of an incident. */
export const constant = (text: string): Markup => new Markup(text);

export const NOTHING = constant('');
