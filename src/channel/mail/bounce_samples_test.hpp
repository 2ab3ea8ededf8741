// Bounces and complaints as servers in the field write them, for tests: RETURN_PATH, REF and MSGID
// stand for the signed return path, the reference and the Message-ID of the original mail.
#pragma once

#include <string_view>

namespace hongyan::mail::samples {

inline constexpr std::string_view postfix = R"(Return-Path: <>
Delivered-To: RETURN_PATH
From: MAILER-DAEMON@mx.example.net (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
To: RETURN_PATH
Auto-Submitted: auto-replied
Date: Mon, 21 Sep 2026 22:15:01 +0800 (CST)
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
	boundary="5F2A01C0.1790000100/mx.example.net"

This is a MIME-encapsulated message.

--5F2A01C0.1790000100/mx.example.net
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

<ann@example.org>: host mx.example.org[192.0.2.1] said: 550 5.1.1
    <ann@example.org>: Recipient address rejected: User unknown in virtual
    mailbox table (in reply to RCPT TO command)

--5F2A01C0.1790000100/mx.example.net
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net
X-Postfix-Queue-ID: 5F2A01C0
X-Postfix-Sender: rfc822; no-reply@example.com
Arrival-Date: Mon, 21 Sep 2026 22:14:58 +0800 (CST)

Final-Recipient: rfc822; ann@example.org
Original-Recipient: rfc822;ann@example.org
Action: failed
Status: 5.1.1
Remote-MTA: dns; mx.example.org
Diagnostic-Code: smtp; 550 5.1.1 <ann@example.org>: Recipient address rejected:
    User unknown in virtual mailbox table

--5F2A01C0.1790000100/mx.example.net
Content-Description: Undelivered Message Headers
Content-Type: text/rfc822-headers

Message-ID: <MSGID>
Subject: Hi

--5F2A01C0.1790000100/mx.example.net--
)";

inline constexpr std::string_view delayed = R"(From: MAILER-DAEMON@mx.example.net
To: RETURN_PATH
Subject: Delayed Mail (still being retried)
Content-Type: multipart/report; report-type=delivery-status; boundary=b1

--b1

# THIS IS A WARNING ONLY.  YOU DO NOT NEED TO RESEND YOUR MESSAGE. #
--b1
content-type: message/delivery-status

Reporting-MTA: dns; mx.example.net

Final-Recipient: rfc822; ann@example.org
Action: delayed
Status: 4.4.1
Diagnostic-Code: X-Postfix; connect to mx.example.org[192.0.2.1]:25: Connection timed out
Will-Retry-Until: Sat, 26 Sep 2026 22:14:58 +0800

--b1--
)";

inline constexpr std::string_view sendmail_expired =
    R"(From: Mail Delivery Subsystem <MAILER-DAEMON@cs.example.edu>
To: <no-reply@example.com>
Subject: Returned mail: Cannot send message for 5 days
Content-Type: multipart/report; report-type=delivery-status; boundary="RAA14128.773615765/cs"

--RAA14128.773615765/cs

The original message was received at Mon, 21 Sep 2026 22:14:58 +0800

--RAA14128.773615765/cs
content-type: message/delivery-status

Reporting-MTA: dns; cs.example.edu
Original-Envelope-Id: REF

Original-Recipient: rfc822;louisl@larry.slip.example.edu
Final-Recipient: rfc822;louisl@larry.slip.example.edu
Action: failed
Status: 4.0.0
Diagnostic-Code: smtp; 426 connection timed out
Last-Attempt-Date: Mon, 21 Sep 2026 17:15:49 +0800

--RAA14128.773615765/cs
content-type: message/rfc822

[original message goes here]
--RAA14128.773615765/cs--
)";

/// RFC 3464 knows such addresses; the blocks run together.
inline constexpr std::string_view foreign_types = R"(From: postmaster@vnet.example.com
To: RETURN_PATH
Content-Type: multipart/report; report-type=delivery-status; boundary="==="

--===

gateway says no
--===
Content-Type: message/delivery-status

Reporting-MTA: dns; mta2.example.com
Final-Recipient: unknown; nair_s
Action: failed
Status: 5.0.0 (unknown permanent failure)
Final-Recipient: rfc822;other@example.org
Action: relayed
Status: 2.0.0

--===--
)";

inline constexpr std::string_view exchange_online = R"(From: <postmaster@tenant.onmicrosoft.example>
To: <no-reply@example.com>
Date: Mon, 21 Sep 2026 14:14:59 +0000
Subject: Undeliverable: Hi
In-Reply-To: <MSGID>
References: <MSGID>
Auto-Submitted: auto-replied
Content-Type: multipart/report; report-type=delivery-status;
	boundary="a1b2_"

--a1b2_
Content-Type: multipart/alternative; differences=Content-Type; boundary="c3d4_"

--c3d4_
Content-Type: text/plain; charset="us-ascii"
Content-Transfer-Encoding: quoted-printable

Your message to ann@example.org couldn't be delivered.

--c3d4_
Content-Type: text/html; charset="us-ascii"
Content-Transfer-Encoding: quoted-printable

<html><body>Your message couldn't be delivered</body></html>

--c3d4_--
--a1b2_
Content-Type: message/delivery-status

Reporting-MTA: dns;HK0PR01.prod.example.com
Received-From-MTA: dns;mail.example.com
Arrival-Date: Mon, 21 Sep 2026 14:14:58 +0000

Final-Recipient: rfc822;ann@example.org
Action: failed
Status: 5.1.10
Diagnostic-Code: smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient ann@example.org not found by SMTP address lookup

--a1b2_
Content-Type: message/rfc822

From: no-reply@example.com
Message-ID: <MSGID>
Subject: Hi

text
--a1b2_--
)";

inline constexpr std::string_view gmail_full = R"(Return-Path: <>
From: Mail Delivery Subsystem <mailer-daemon@googlemail.example>
To: RETURN_PATH
Auto-Submitted: auto-replied
Subject: Delivery Status Notification (Failure)
Content-Type: multipart/report; boundary="000000000000a"; report-type=delivery-status

--000000000000a
Content-Type: multipart/related; boundary="000000000000b"

--000000000000b
Content-Type: text/html; charset="UTF-8"
Content-Transfer-Encoding: base64

PGI+QWRkcmVzcyBub3QgZm91bmQ8L2I+
--000000000000b--
--000000000000a
Content-Type: message/delivery-status

Reporting-MTA: dns; googlemail.example
Arrival-Date: Mon, 21 Sep 2026 07:14:58 -0700 (PDT)
X-Original-Message-ID: <MSGID>

Final-Recipient: rfc822; ann@example.org
Action: failed
Status: 5.0.0
Diagnostic-Code: smtp; 552-5.2.2 The email account that you tried to reach is over quota.
Last-Attempt-Date: Mon, 21 Sep 2026 07:14:59 -0700 (PDT)

--000000000000a--
)";

inline constexpr std::string_view delivered = R"(From: MAILER-DAEMON@mx.example.net
To: RETURN_PATH
Content-Type: multipart/report; report-type=delivery-status; boundary=b1

--b1
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net

Final-Recipient: rfc822; ann@example.org
Action: delivered
Status: 2.1.5
--b1--
)";

inline constexpr std::string_view qmail = R"(Return-Path: <>
Date: 21 Sep 2026 14:14:59 -0000
From: MAILER-DAEMON@qmail.example.net
To: no-reply@example.com
Subject: failure notice

Hi. This is the qmail-send program at qmail.example.net.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<ann@example.org>:
192.0.2.1 does not like recipient.
Remote host said: 550 sorry, no mailbox here by that name (#5.1.1)
Giving up on 192.0.2.1.

--- Below this line is a copy of the message.

Return-Path: <no-reply@example.com>
Message-ID: <MSGID>
Subject: 450 4.2.1 the content of our mail says nothing

text
)";

inline constexpr std::string_view exim = R"(Return-path: <>
X-Failed-Recipients: ann@example.org
Auto-Submitted: auto-replied
From: Mail Delivery System <Mailer-Daemon@exim.example.net>
To: RETURN_PATH
Subject: Mail delivery failed: returning message to sender

This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

  ann@example.org
    SMTP error from remote mail server after RCPT TO:<ann@example.org>:
    host mx.example.org [192.0.2.1]: 550 No such user here

------ This is a copy of the message, including all the headers. ------

Message-ID: <MSGID>
)";

inline constexpr std::string_view exim_delayed =
    R"(From: Mail Delivery System <Mailer-Daemon@exim.example.net>
To: RETURN_PATH
Subject: Warning: message 1abc-0001-XY delayed 24 hours

This message was created automatically by mail delivery software.
A message that you sent has not yet been delivered to one or more of its
recipients after more than 24 hours on the queue on exim.example.net.

The address to which the message has not yet been delivered is:
  ann@example.org
    host mx.example.org [192.0.2.1]: 451 try again

No action is required on your part.
)";

inline constexpr std::string_view exchange_text =
    R"(From: System Administrator <postmaster@corp.example.org>
To: RETURN_PATH
Subject: Undeliverable: Hi
Content-Type: text/plain; charset="iso-8859-1"

Your message

  To:      ann@example.org
  Subject: Hi
  Sent:    Mon, 21 Sep 2026 14:14:58 +0000

did not reach the following recipient(s):

ann@example.org on Mon, 21 Sep 2026 14:14:59 +0000
    The recipient name is not recognized
	The MTS-ID of the original message is: c=us;a= ;p=corp;l=MAIL0109
    MSEXCH:IMS:CORP:SITE:MAIL 0 (000C05A6) Unknown Recipient
    User unknown
)";

inline constexpr std::string_view chinese = R"(From: PostMaster@qq.example
To: RETURN_PATH
Subject: =?UTF-8?B?57O757uf6YCA5L+h?=
Content-Type: text/html; charset=utf-8
Content-Transfer-Encoding: quoted-printable

<div>=E6=82=A8=E7=9A=84=E9=82=AE=E4=BB=B6=E8=A2=AB=E9=80=80=E5=9B=9E</div>
<p>=E6=94=B6=E4=BB=B6=E4=BA=BA=E9=82=AE=E7=AE=B1=E4=B8=8D=E5=AD=98=E5=9C=A8</p>
)";

inline constexpr std::string_view vacation = R"(From: Ann <ann@example.org>
To: RETURN_PATH
Subject: Out of office: Hi
Auto-Submitted: auto-replied
In-Reply-To: <MSGID>

I am away. If your mail could not be delivered to my desk, call 550 1234.
)";

inline constexpr std::string_view complaint = R"(From: <abusedesk@example.net>
Date: Mon, 21 Sep 2026 14:14:59 +0000
Subject: FW: Hi
To: <abuse@example.com>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report;
     boundary="part1_13d.2e68ed54_boundary"

--part1_13d.2e68ed54_boundary
Content-Type: text/plain; charset="US-ASCII"
Content-Transfer-Encoding: 7bit

This is an email abuse report for an email message received from IP
192.0.2.1 on Mon, 21 Sep 2026 14:14:58 GMT.

--part1_13d.2e68ed54_boundary
Content-Type: message/feedback-report

Feedback-Type: abuse
User-Agent: SomeGenerator/1.0
Version: 1
Original-Mail-From: <no-reply@example.com>
Original-Rcpt-To: <ann@example.org>
Arrival-Date: Mon, 21 Sep 2026 14:14:58 +0000
Reporting-MTA: dns; mail.example.net
Source-IP: 192.0.2.1
Authentication-Results: mail.example.net;
            spf=fail smtp.mail=somespammer@example.com
Reported-Domain: example.com
Removal-Recipient: ann@example.org

--part1_13d.2e68ed54_boundary
Content-Type: message/rfc822
Content-Disposition: inline

From: <no-reply@example.com>
Received: from mailserver.example.com by mail.example.net
To: <redacted@example.org>
Subject: Hi
X-Hongyan-Ref: REF
Message-ID: <redacted@example.com>

text
--part1_13d.2e68ed54_boundary--
)";

inline constexpr std::string_view unsubscribe = R"(From: Ann <ann@example.org>
To: u+UNSUBSCRIBE@example.com
Subject: unsubscribe

)";

}  // namespace hongyan::mail::samples
