import { beforeEach, describe, expect, it } from 'vitest';
import { createSourceNews, type SourceNews } from '../../../src/commands/daemon/source-news.ts';
import type { OomwatchdEvent } from '../../../src/core/event.ts';

let ways: { name: string; isUp: boolean; detail: string }[] = [];
let told: string[] = [];
let news: SourceNews;

const words = (event: OomwatchdEvent): string[] =>
  event.kind === 'source' ? [`${event.name} ${event.up ? 'up' : event.fault ? 'fault' : 'absent'}`] : [];

beforeEach(() => {
  ways = [
    { name: 'kernel_log', isUp: true, detail: '' },
    { name: 'oom_trace', isUp: true, detail: '' },
  ];
  told = [];
  news = createSourceNews(
    () => ways,
    (event) => {
      news.note(event);
      told.push(...words(event));
    },
  );
});

const turn = (name: string, isUp: boolean): void => {
  ways = ways.map((way) => (way.name === name ? { ...way, isUp, detail: isUp ? '' : 'EIO' } : way));
  news.look();
};

describe("the kernel's own ways", () => {
  it('are not told while they are open', () => {
    news.look();
    news.look();
    expect(told).toEqual([]);
  });

  it('are told once when they go, and once when they come back', () => {
    news.look();
    turn('kernel_log', false);
    turn('kernel_log', false);
    turn('kernel_log', true);
    turn('kernel_log', true);
    expect(told).toEqual(['kernel_log fault', 'kernel_log up']);
  });

  it('that were never there are a fault if they are needed, and absent else', () => {
    ways = ways.map((way) => ({ ...way, isUp: false, detail: 'ENOENT' }));
    news.look();
    expect(told).toEqual(['kernel_log fault', 'oom_trace absent']);
  });

  it('that were there and went are a fault, needed or not', () => {
    news.look();
    turn('oom_trace', false);
    expect(told).toEqual(['oom_trace fault']);
  });
});

describe('a new reporter', () => {
  it('is told of all that is down, whoever has told of it, and of nothing that is back', () => {
    const event = { kind: 'source', name: 'kcmp', up: false, fault: false, detail: 'EPERM' } as const;
    news.note(event);
    news.note({ ...event, name: 'holders', fault: true });
    news.note({ ...event, name: 'holders', up: true });
    turn('kernel_log', false);
    expect([...news.down()].flatMap(words)).toEqual(['kcmp absent', 'kernel_log fault']);
  });
});
