export default {
  title: 'Monitor', wallTitle: 'Hongyan', wall: 'Wall screen', leaveWall: 'Leave the wall screen', pause: 'Pause', resume: 'Go on', day: 'Day', channel: 'Channel',
  stream: 'Last 50 messages', waiting: '{count} new', emptyStream: 'No message yet', emptyText: 'Messages appear here within a second.',
  priority: 'Priority', waitingWord: 'waiting',
  queue: 'Waiting by priority', queueSums: '{waiting} waiting · {scheduled} scheduled', priorityWaiting: 'Priority {priority}: {count} waiting',
  pools: 'Worker pools', alerts: 'Attention', accounts: 'Provider accounts in use', pie: 'Messages by channel, 7 days', rates: 'Success rate by channel, 7 days',
  pool: { name: 'Pool', use: 'In use', size: 'At work / size (least–most)', queue: 'Queue', line: '{active} of {size} at work · queue {queue}' },
  trend: { title: 'Seven days', description: 'Messages of the last seven days: accepted, sent and failed', sent: 'Accepted', success: 'Sent', failed: 'Failed' },
  card: {
    sent: 'Total sent today', rate: 'Success rate', time: 'Response time', failed: 'Failed today',
    perSecond: '{count}/s now', p95: 'p95 {time}', dead: '{count} dead letters', week: '7 days {value}', hour: 'last hour {value}', better: 'better than the week', worse: 'worse than the week',
  },
  first: { title: 'Nothing has been sent yet', text: 'A minute of demo traffic over all channels fills every chart. It goes to the sandbox only: nothing leaves this machine.' },
}
