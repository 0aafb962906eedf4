// Preloaded before vod-node-sdk: its API client is made without a profile, whose signature method is then HmacSHA256, the
// older form in a form-encoded body. The emulator speaks TC3 only, so the default of the profile becomes TC3, as a caller
// of that SDK would set it who could reach it.
"use strict";
const name = require.resolve("tencentcloud-sdk-nodejs/tencentcloud/common/profile/client_profile");
const ClientProfile = require(name);

require.cache[name].exports = class extends ClientProfile {
  constructor(signMethod, httpProfile) {
    super(signMethod ?? "TC3-HMAC-SHA256", httpProfile);
  }
};
