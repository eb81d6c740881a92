// Who makes the dialogues of each protocol: one function a protocol and kind, in the file of that protocol.
#pragma once

#include "tlsproof/app/dialogue.h"

namespace tlsproof::app {

using Maker = std::unique_ptr<Dialogue> (*)(const Setup&);
struct Makers {
  Maker prelude = nullptr;
  Maker talk = nullptr;
};
const Makers& makers_of(Protocol protocol);

std::unique_ptr<Dialogue> http_talk(const Setup& setup);  // null without a request
std::unique_ptr<Dialogue> smtp_prelude(const Setup& setup);
std::unique_ptr<Dialogue> smtp_talk(const Setup& setup);   // after STARTTLS: the client speaks first
std::unique_ptr<Dialogue> smtps_talk(const Setup& setup);  // the server greets
std::unique_ptr<Dialogue> imap_prelude(const Setup& setup);
std::unique_ptr<Dialogue> imap_talk(const Setup& setup);
std::unique_ptr<Dialogue> imaps_talk(const Setup& setup);
std::unique_ptr<Dialogue> pop3_prelude(const Setup& setup);
std::unique_ptr<Dialogue> pop3_talk(const Setup& setup);
std::unique_ptr<Dialogue> pop3s_talk(const Setup& setup);
std::unique_ptr<Dialogue> ldap_prelude(const Setup& setup);
std::unique_ptr<Dialogue> ldap_talk(const Setup& setup);
std::unique_ptr<Dialogue> ftp_prelude(const Setup& setup);
std::unique_ptr<Dialogue> ftp_talk(const Setup& setup);
std::unique_ptr<Dialogue> ftps_talk(const Setup& setup);
std::unique_ptr<Dialogue> xmpp_prelude(const Setup& setup);
std::unique_ptr<Dialogue> xmpp_talk(const Setup& setup);
std::unique_ptr<Dialogue> postgres_prelude(const Setup& setup);
std::unique_ptr<Dialogue> postgres_talk(const Setup& setup);
std::unique_ptr<Dialogue> mysql_prelude(const Setup& setup);
std::unique_ptr<Dialogue> mysql_talk(const Setup& setup);
std::unique_ptr<Dialogue> redis_talk(const Setup& setup);

}  // namespace tlsproof::app
