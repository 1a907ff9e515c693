/**
 * config/grafana in the form that Grafana imports: the classic model of a dashboard (JSON model, schemaVersion 39, Grafana 10.4
 * and later), strictly, as Grafana itself drops what it does not know and shows an empty panel where a word is wrong.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { ROOT } from './shipped.ts';

const text = readFileSync(`${ROOT}config/grafana/oomwatchd.json`, 'utf8');

/** That of the variable, so that no name of a data source is asked for by `__inputs` and none is built in. */
const CHOSEN = ['$', '{datasource}'].join('');
const datasource = z.strictObject({ type: z.literal('prometheus'), uid: z.literal(CHOSEN) });

/** Of packages/grafana-data/src/valueFormats/categories.ts, those in use. */
const unit = z.enum(['short', 's', 'bytes', 'percentunit']);

const mapping = z.strictObject({
  type: z.literal('value'),
  options: z.record(z.string(), z.strictObject({ text: z.string(), color: z.string(), index: z.int() })),
});

const thresholds = z.strictObject({
  mode: z.literal('absolute'),
  // From below the first to above the last: the first has no bound, the others rise.
  steps: z
    .array(z.strictObject({ color: z.string(), value: z.number().nullable() }))
    .refine((steps) => steps.every(({ value }, at) => (at === 0) === (value === null)))
    .refine((steps) => steps.every(({ value }, at) => at < 2 || (value ?? 0) > (steps[at - 1]?.value ?? 0))),
});

const fieldConfig = (more: z.ZodRawShape) =>
  z.strictObject({ defaults: z.strictObject({ unit, ...more }), overrides: z.array(z.never()) });

const asked = { refId: z.string().regex(/^[A-Z]$/), datasource, expr: z.string(), legendFormat: z.string() };
const overTime = z.strictObject({
  ...asked,
  editorMode: z.literal('code'),
  range: z.literal(true),
  instant: z.literal(false),
});
const now = { ...asked, editorMode: z.literal('code'), range: z.literal(false), instant: z.literal(true) };

const legend = z.strictObject({
  displayMode: z.enum(['list', 'table']),
  placement: z.enum(['bottom', 'right']),
  showLegend: z.boolean(),
});

const gridPos = z.strictObject({ x: z.int().min(0), y: z.int().min(0), w: z.int().min(1).max(24), h: z.int().min(1) });
const common = { id: z.int().positive(), title: z.string().min(1), gridPos };
const panel = { ...common, description: z.string().min(1).optional(), datasource };

const anyPanel = z.discriminatedUnion('type', [
  // Open: the panels behind it are its neighbours, not its children.
  z.strictObject({ ...common, type: z.literal('row'), collapsed: z.literal(false), panels: z.array(z.never()) }),
  z.strictObject({
    ...panel,
    type: z.literal('timeseries'),
    fieldConfig: fieldConfig({
      min: z.number().optional(),
      custom: z.strictObject({
        drawStyle: z.enum(['line', 'bars', 'points']),
        lineWidth: z.int(),
        fillOpacity: z.int().min(0).max(100),
        showPoints: z.enum(['never', 'auto', 'always']),
      }),
    }),
    options: z.strictObject({
      legend,
      tooltip: z.strictObject({ mode: z.enum(['single', 'multi', 'none']), sort: z.enum(['none', 'asc', 'desc']) }),
    }),
    targets: z.array(overTime).min(1),
  }),
  z.strictObject({
    ...panel,
    type: z.literal('state-timeline'),
    fieldConfig: fieldConfig({ mappings: z.array(mapping).optional() }),
    options: z.strictObject({ showValue: z.enum(['auto', 'always', 'never']), rowHeight: z.number().max(1), legend }),
    targets: z.array(overTime).min(1),
  }),
  z.strictObject({
    ...panel,
    type: z.literal('stat'),
    fieldConfig: fieldConfig({ mappings: z.array(mapping).optional(), thresholds: thresholds.optional() }),
    options: z.strictObject({
      reduceOptions: z.strictObject({
        calcs: z.tuple([z.literal('lastNotNull')]),
        fields: z.literal(''),
        values: z.literal(false),
      }),
      colorMode: z.enum(['value', 'background', 'none']),
      textMode: z.enum(['auto', 'value', 'value_and_name', 'name', 'none']),
    }),
    targets: z.array(z.strictObject(now)).length(1),
  }),
  z
    .strictObject({
      ...panel,
      type: z.literal('table'),
      fieldConfig: fieldConfig({}),
      options: z.strictObject({ showHeader: z.boolean() }),
      transformations: z.array(z.strictObject({ id: z.literal('merge'), options: z.strictObject({}) })).optional(),
      targets: z.array(z.strictObject({ ...now, format: z.literal('table') })).min(1),
    })
    // Of several queries a table shows one, and a menu for the others.
    .refine(({ targets, transformations }) => targets.length === 1 || transformations !== undefined),
]);

const variables = z.tuple([
  z.strictObject({
    type: z.literal('datasource'),
    name: z.literal('datasource'),
    label: z.string(),
    query: z.literal('prometheus'),
    // Nothing: Grafana takes its default data source of that kind.
    current: z.strictObject({}),
    hide: z.literal(0),
    refresh: z.literal(1),
  }),
  z.strictObject({
    type: z.literal('query'),
    name: z.literal('instance'),
    label: z.string(),
    datasource,
    query: z.strictObject({ query: z.string(), refId: z.string() }),
    definition: z.string(),
    multi: z.literal(true),
    includeAll: z.literal(true),
    allValue: z.literal('.*'),
    current: z.strictObject({ text: z.tuple([z.literal('All')]), value: z.tuple([z.literal('$__all')]) }),
    // When the time range changes: hosts come and go.
    refresh: z.literal(2),
    sort: z.literal(1),
  }),
]);

/** No `id`: it is the number of a dashboard in somebody's database, and an import would look for it there. */
const dashboard = z.strictObject({
  uid: z.string().regex(/^[\w-]{1,40}$/),
  title: z.string(),
  description: z.string(),
  tags: z.array(z.string()),
  schemaVersion: z.literal(39),
  version: z.int(),
  editable: z.literal(true),
  graphTooltip: z.literal([0, 1, 2]),
  refresh: z.string().regex(/^\d+[smh]$/),
  timezone: z.literal('browser'),
  time: z.strictObject({ from: z.string(), to: z.literal('now') }),
  links: z.array(z.never()),
  templating: z.strictObject({ list: variables }),
  annotations: z.strictObject({
    list: z.array(
      z.strictObject({
        name: z.string(),
        enable: z.boolean(),
        iconColor: z.string(),
        datasource,
        expr: z.string(),
        titleFormat: z.string(),
        step: z.string(),
      }),
    ),
  }),
  panels: z.array(anyPanel),
});

describe('the dashboard', () => {
  const { panels, templating } = dashboard.parse(JSON.parse(text));
  const asking = panels.flatMap((each) => (each.type === 'row' ? [] : [each]));

  test('has a name of its own for each query of a panel', () => {
    for (const { title, targets } of asking) {
      expect([title, new Set(targets.map(({ refId }) => refId)).size]).toEqual([title, targets.length]);
    }
  });

  test('uses no variable that it does not have', () => {
    const builtIn = ['__rate_interval', '__all'];
    const used = [...text.matchAll(/\$\{?(\w+)/g)].map(([, name]) => name ?? '');
    const known = new Set([...builtIn, ...templating.list.map(({ name }) => name)]);
    expect(used.filter((name) => !known.has(name))).toEqual([]);
  });

  test('names series by labels that the query leaves', () => {
    for (const { title, targets } of asking) {
      for (const { legendFormat, expr } of targets) {
        for (const [, label = ''] of legendFormat.matchAll(/\{\{(\w+)\}\}/g)) {
          expect([title, expr]).toEqual([title, expect.stringMatching(new RegExp(`by \\([^)]*\\b${label}\\b`))]);
        }
      }
    }
  });

  test('has no two series of one host under one name', () => {
    for (const { title, targets, type } of asking) {
      const names = targets.map(({ legendFormat }) => legendFormat);
      if (type !== 'table') expect([title, new Set(names).size]).toEqual([title, names.length]);
    }
  });
});

test.each([
  ['a panel of another kind', '"type": "timeseries"', '"type": "time-series"'],
  ['an unknown unit', '"unit": "bytes"', '"unit": "byte"'],
  ['a data source of somebody', `"uid": "${CHOSEN}"`, '"uid": "PBFA97CFB590B2093"'],
  ['a number of somebody’s database', '{', '{ "id": 7,'],
])('the form refuses %s', (_, from, to) => {
  expect(dashboard.safeParse(JSON.parse(text.replace(from, to))).success).toBe(false);
});
