export default {
  title: 'Batch tasks', subtitle: 'Each batch with how far it is.', new: 'New batch', status: 'Status', name: 'Name', channel: 'Channel', progress: 'Progress', left: 'Time left', created: 'Started', finished: 'Finished', template: 'Template',
  unnamed: 'Batch {id}', one: 'Batch {id}', unsure: 'being measured', leftText: 'About {time} left', ended: 'Ended', allMessages: 'All its messages',
  cancel: 'Cancel the rest', cancelTitle: 'Cancel what still waits of batch {id}?', cancelWaiting: '{n} waiting messages will not be sent.', cancelSent: '{n} have ended already and stay as they are.', cancelled: 'The rest is cancelled',
  part: { success: 'Sent', failed: 'Failed', expired: 'Expired', cancelled: 'Cancelled', pending: 'Waiting' },
}
