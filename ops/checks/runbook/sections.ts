/** The commands of a runbook: in each section, the blocks that are marked to be run. */
export interface Section {
  readonly title: string;
  readonly blocks: readonly Block[];
}

export interface Block {
  readonly commands: string;
  readonly exit: number;
}

const MARKED = /<!-- run(?:: exit (\d+))? -->\n```sh\n([\s\S]*?)```/g;

/** What stands before the first `##` is a section too, without a title. */
export function sectionsOf(markdown: string): readonly Section[] {
  return markdown.split(/^## /m).map((text, at) => ({
    title: at === 0 ? '' : text.slice(0, text.indexOf('\n')),
    blocks: [...text.matchAll(MARKED)].map(([, exit = '0', commands = '']) => ({ commands, exit: Number(exit) })),
  }));
}
