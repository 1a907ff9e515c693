import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { emptySample } from '../../../src/core/sample.ts';
import { ABSENT } from '../../../src/core/units.ts';
import { faultText } from '../../../src/linux/proc/parse-fault.ts';
import { parseZoneinfo } from '../../../src/linux/proc/zoneinfo.ts';
import { bytes, expectNoInputBreaks, fixtureText, KERNELS } from './format.ts';

const out = emptySample();
const parse = (buf: Uint8Array, len: number) => parseZoneinfo(buf, len, out);
const parseText = (text: string) => parse(bytes(text), text.length);

interface Zone {
  node: number;
  free: number;
  min: number;
  low: number;
  high: number;
  present: number;
  gaveUp: boolean;
}

const zoneText = (zone: Zone): string => {
  const watermarks = `        boost    0\n        min      ${zone.min}\n        low      ${zone.low}\n        high     ${zone.high}\n`;
  const head = `Node ${zone.node}, zone   Normal\n  pages free     ${zone.free}\n${watermarks}        present  ${zone.present}\n`;
  if (zone.present === 0) return `${head}        protection: (0, 0)\n`;
  const cpu = '    cpu: 0\n              count: 9\n              high:  999\n              batch: 1\n';
  return `${head}  pagesets\n${cpu}  node_unreclaimable:  ${zone.gaveUp ? 1 : 0}\n  start_pfn:           1\n`;
};

describe('parseZoneinfo', () => {
  it('sums the populated zones of both nodes of Linux 6.12, without the watermarks of empty ones', () => {
    expect(parseText(fixtureText('zoneinfo-6.12'))).toBeNull();
    expect(out).toMatchObject({
      zoneFreePages: 3808 + 41_252 + 61_188,
      zoneMinPages: 22 + 287 + 373,
      zoneLowPages: 27 + 358 + 466,
      zoneHighPages: 32 + 429 + 559,
      unreclaimableNodes: 0,
    });
  });

  it.each([...KERNELS, '6.18'])('reads the file of Linux %s', (kernel) => {
    expect(parseText(fixtureText(`zoneinfo-${kernel}`))).toBeNull();
    expect(out.zoneFreePages).toBeGreaterThan(out.zoneHighPages);
    expect(out.zoneHighPages).toBeGreaterThan(out.zoneLowPages);
    expect(out.unreclaimableNodes).toBe(0);
  });

  it('counts a node once, however many zones repeat its line', () => {
    const text = fixtureText('zoneinfo-6.12').replace(/node_unreclaimable: {2}0/g, 'node_unreclaimable:  1');
    expect(parseText(text)).toBeNull();
    expect(out.unreclaimableNodes).toBe(2);
  });

  it.each([
    ['Node x, zone DMA\n', 'zoneinfo: Node not as the kernel prints it: "Node x, zone DMA"'],
    ['Node 0, zone DMA\n  pages free     -\n', 'zoneinfo: free not as the kernel prints it: "  pages free     -"'],
    ['Node 0, zone DMA\n  pages free     1\n', 'zoneinfo: present missing'],
    ['Node 0, zone DMA\n        present  5\n', 'zoneinfo: free missing'],
    ['Node 0, zone DMA\n        present  0\n', 'zoneinfo: a populated zone missing'],
    ['Node 0, zone DMA\n        min', 'zoneinfo: last line cut off: "        min"'],
    ['', 'zoneinfo: a populated zone missing'],
  ])('says what is wrong with %j', (text, said) => {
    const fault = parseText(text);
    expect(fault && faultText(fault)).toBe(said);
    expect(out).toMatchObject({ zoneFreePages: ABSENT, zoneHighPages: ABSENT, unreclaimableNodes: ABSENT });
  });

  it('reads back what is printed', () => {
    const pages = fc.nat(2 ** 30);
    const zones = fc.array(
      fc.record({
        node: fc.nat(3),
        free: pages,
        min: pages,
        low: pages,
        high: pages,
        present: fc.nat(2),
        gaveUp: fc.boolean(),
      }),
      { minLength: 1, maxLength: 8 },
    );
    fc.assert(
      fc.property(zones, (unsorted) => {
        const list = unsorted.toSorted((a, b) => a.node - b.node);
        const populated = list.filter(({ present }) => present > 0);
        const fault = parseText(list.map(zoneText).join(''));
        if (populated.length === 0) return fault?.field === 'a populated zone';
        const sum = (field: 'free' | 'min' | 'low' | 'high') =>
          populated.reduce((total, zone) => total + zone[field], 0);
        const nodes = new Set(populated.filter(({ gaveUp }) => gaveUp).map(({ node }) => node));
        expect(fault).toBeNull();
        expect(out).toMatchObject({
          zoneFreePages: sum('free'),
          zoneMinPages: sum('min'),
          zoneLowPages: sum('low'),
          zoneHighPages: sum('high'),
          unreclaimableNodes: nodes.size,
        });
        return true;
      }),
    );
  });

  it('sees every cut inside a zone', () => {
    const text = zoneText({ node: 0, free: 1234, min: 10, low: 20, high: 30, present: 99, gaveUp: true });
    const start = text.indexOf('  start_pfn');
    for (let len = 1; len < text.length; len++) {
      const fault = parse(bytes(text), len);
      // Once the last line that is read is whole, the numbers are right.
      if (len === start) expect(fault).toBeNull();
      else expect(fault, `cut at ${len}`).not.toBeNull();
    }
  });
  it('is broken by no input', () => expectNoInputBreaks(parse, fixtureText('zoneinfo-6.12')));
});
