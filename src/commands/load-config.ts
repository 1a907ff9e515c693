/** The one-shot config loader: a process of its own, so that control never loads a parser. */
import { runLoader } from '../config/main.ts';

export const run = (argv: readonly string[]): number => runLoader([...argv]);
