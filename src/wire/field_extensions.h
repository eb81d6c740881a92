// Extensions of a message as fields: "extensions", "extensions.alpn", "extensions.0x1a1a#2".
#pragma once

#include "tlsproof/wire/ext/index.h"
#include "tlsproof/wire/extension_list.h"
#include "tlsproof/wire/fields.h"

namespace tlsproof::wire::fields {

enum class Action { set, append, remove };

// Where a message has its extensions.
struct Extensions {
  ExtensionList* list;
  bool* present;  // nullptr where the block is always there
  ExtensionPlace place;
};

// `path`: "NAME" or "NAME#2".
[[nodiscard]] Status edit_extension(const Extensions& in, std::string_view path, Action action,
                                    const FieldValue& value);
// The whole block: a list of [NAME, value].
[[nodiscard]] Status edit_extensions(const Extensions& in, Action action, const FieldValue& value);

}  // namespace tlsproof::wire::fields
