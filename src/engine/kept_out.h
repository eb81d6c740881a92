// Who comes another way: by the name of another virtual host, or with a session made elsewhere. Is it let in?
#pragma once

#include "tlsproof/engine/judge.h"

namespace tlsproof::engine {

// `client_auth: kept_out`: does the client of the last connection get what the good client gets at the front door? A
// page tells more than a status here: HTTP 200 may be the page of an open host that shares the address.
[[nodiscard]] Judgement judge_kept_out(const scenario::Case& one, const session::AttemptResult& result,
                                       const JudgeContext& context);

// `client_auth: told`: never wrong; accepted or refused, resumed or not.
[[nodiscard]] Judgement judge_told(const scenario::Case& one, const session::AttemptResult& result,
                                   const JudgeContext& context);

}  // namespace tlsproof::engine
