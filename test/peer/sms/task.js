// One task from standard input, one answer to standard output, both JSON.
'use strict';

exports.runTask = async function runTask(kinds) {
  let text = '';
  for await (const chunk of process.stdin) text += chunk;
  const task = JSON.parse(text);
  const answer = await kinds[task.kind](task);
  process.stdout.write(JSON.stringify(answer), () => process.exit(0));
};
