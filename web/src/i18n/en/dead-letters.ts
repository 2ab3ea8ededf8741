export default {
  title: 'Dead letters', subtitle: '{n} messages failed for good, by {groups} causes.', subtitleNone: 'Messages that failed for good, by cause.', cause: 'Cause', channel: 'Channel', provider: 'Provider', count: 'Messages', last: 'Last seen', actions: 'Actions', example: 'An example', again: 'Send again…', noReason: 'no reason given',
  emptyTitle: 'No dead letters', emptyText: 'Everything was delivered, or still has attempts left.', redrive: 'Send again', redriveText: 'Count first. Then they go back into the queue at the rate you choose, so that no provider is flooded.', error: 'Reason contains', rate: 'Messages per second', max: 'At most',
  dryRun: 'Count (dry run)', start: 'Send again', match: 'messages fit. {n} will be sent again, in about {time}.', started: '{n} are being sent again', sureTitle: 'Send {n} messages again?', sureAgain: 'Each gets a new attempt. If the cause is not mended, they fail again.', sureTime: 'It takes about {time}; it can be stopped.',
  runs: 'Under way', runProgress: 'Progress', stop: 'Stop', stopTitle: 'Stop sending again?', stopText: 'Those not yet sent again stay dead letters.',
}
