// Every typed extension.
#pragma once

#include "tlsproof/wire/ext/application_settings.h"
#include "tlsproof/wire/ext/certificate_types.h"
#include "tlsproof/wire/ext/delegated_credential.h"
#include "tlsproof/wire/ext/empty.h"
#include "tlsproof/wire/ext/encrypted_client_hello.h"
#include "tlsproof/wire/ext/key_share.h"
#include "tlsproof/wire/ext/number.h"
#include "tlsproof/wire/ext/number_list.h"
#include "tlsproof/wire/ext/opaque.h"
#include "tlsproof/wire/ext/opaque_list.h"
#include "tlsproof/wire/ext/pre_shared_key.h"
#include "tlsproof/wire/ext/quic_transport_parameters.h"
#include "tlsproof/wire/ext/server_name.h"
#include "tlsproof/wire/ext/status_request.h"
