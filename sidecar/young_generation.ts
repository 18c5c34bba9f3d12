import { setFlagsFromString } from 'node:v8'

/**
 * Holds V8's young generation at the size that it has, some MB. By itself it doubles, up to 128 MB on a large machine
 * (Node 24), whenever more survived than it holds, which a program that gathers samples for half a second brings about
 * again and again: resident memory grew from 120 MiB to 240 MiB in three minutes while 9 MB were alive. Held, it stays
 * at 130 MiB for as much of a core, about 2.5 % (100 ports at 100 Hz, all promoted).
 *
 * V8 reads this flag whenever the young generation is to grow. Its `--max-semi-space-size` is read at the start of the
 * process alone: that would have to stand wherever the program is started, units of systemd included, and in the first
 * line of a command an older Node takes it for a mistake before it gets to say what is wrong.
 */
export function holdYoungGeneration(): void {
  setFlagsFromString('--semi-space-growth-factor=1')
}
