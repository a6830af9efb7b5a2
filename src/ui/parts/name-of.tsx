/** A task's name within a sentence: whatever it is written in, it turns no letter of what stands round it. */
export const NameOf = ({
  task: { id, name },
}: {
  readonly task: { readonly id: string; readonly name: string | null };
}) => <bdi>{name ?? id}</bdi>;
