import { GoldsmithError, type ErrorCode } from '../errors';

/** A program of this machine that ended badly. */
export class ToolFailed extends Error {
  constructor(
    /** Its name. */
    readonly tool: string,
    /** How it ended, such as `ended with status 1`. */
    readonly ended: string,
    /** What it printed last of its errors. */
    readonly complaint: string,
  ) {
    super(`${tool} ${ended}${complaint === '' ? '' : `: ${complaint}`}`);
  }
}

/** An error of a tool in the words of what was being done; any other as it is. */
export function explainTool(error: unknown, code: ErrorCode, doing: string): unknown {
  if (!(error instanceof ToolFailed)) return error;
  const { tool, ended, complaint } = error;
  if (/no space left/i.test(complaint)) {
    return new GoldsmithError('NO_SPACE', `no space is left while ${doing}`, {
      output: complaint,
      hint: 'free some space and run it again',
    });
  }
  return new GoldsmithError(code, `${doing} failed: ${tool} ${ended}`, { output: complaint, cause: error });
}
