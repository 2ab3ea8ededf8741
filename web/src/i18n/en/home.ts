export default {
  title: 'Overview', openMonitor: 'Open the monitor', attention: 'Needs attention', failures: 'Failed last', noFailures: 'No failed message is stored.', all: 'All', actions: 'Go on', server: 'This server',
  greeting: { night: 'Good night', morning: 'Good morning', day: 'Good day', evening: 'Good evening' },
  today: { title: 'Today', sent: 'Total sent', rate: 'Success rate', time: 'Response time', waiting: 'Waiting now' },
  action: { send: 'One message, now or later', batch: 'From a CSV file', templates: 'Texts with variables', inbox: 'What receivers see', providers: 'Accounts and health', keys: 'Access for programs' },
  version: 'Version', running: 'Started', engines: 'Engines', channels: 'Channels', sandbox: 'Sandbox', sandboxOn: 'on: channels without an account deliver into it', sandboxOff: 'off', api: 'Everything here is in the API, too',
  first: { title: 'Welcome. Nothing has been sent yet.', text: 'Let a minute of demo traffic run over all channels and watch the monitor fill. It goes to the sandbox: nothing leaves this machine.', own: 'Or send one of your own:' },
}
