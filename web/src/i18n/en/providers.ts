export default {
  title: 'Providers', subtitle: 'The accounts by which messages leave, and how each does.', account: 'Account', provider: 'Provider', channel: 'Channel', state: 'State', health: 'Health', inFlight: 'Under way', average: 'Average', order: 'Tier · weight', actions: 'Actions',
  add: 'Add an account', choose: 'Choose a provider', name: 'Name', tier: 'Tier', tierText: 'Accounts of a lower tier are used first.', weight: 'Weight', weightText: 'Share among accounts of one tier.', settings: 'Settings of the provider', policy: 'Limits and breaker', saved: '{name} is saved',
  emptyTitle: 'No account yet', emptyText: 'Until there is one, the built-in sandbox takes every message and nothing leaves this machine.', test: 'Test', reset: 'Reset the breaker', resetDone: 'The breaker is closed again', enable: 'Enable', disable: 'Disable',
  disableTitle: 'Disable {name}?', disableText: 'New messages go by other accounts of the channel, or wait if there is none.', removeTitle: 'Remove {name}?', removeText: 'Messages that wait for it are given to other accounts.', removeSecrets: 'Its secrets are deleted.',
  breaker: 'Breaker', trouble: 'Trouble', lastError: 'Last error', calls: 'Calls', callbackUrl: 'Receipts to', secrets: 'Secrets set',
}
