//! What the local Jamf knows: devices as the Pro API would give them whole, clients and tokens. No HTTP here.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use hubcommander_sdk::clock::Instant;
use serde_json::{Value, json};

/// All there is.
#[derive(Clone, Debug)]
pub struct State {
    /// The computers, whole, as `GET /api/v4/computers-inventory` with all sections gives them.
    pub computers: Vec<Value>,
    /// The mobile devices, whole, as `GET /api/v2/mobile-devices/detail` gives them.
    pub mobile_devices: Vec<Value>,
    /// The versions of the inventory that are there: 1, 3, 4.
    pub versions: BTreeSet<u8>,
    /// The API client that is known, and its secret.
    pub client: (String, String),
    /// How long a token lasts.
    pub token_lasts: Duration,
    /// Whether tokens are given at `/api/v1/oauth/token`, or only at `/api/oauth/token`.
    pub versioned_tokens: bool,
    /// Whether the client may read computers.
    pub may_read_computers: bool,
    /// Whether the client may read mobile devices.
    pub may_read_mobile_devices: bool,
    /// Whether filters are taken and not obeyed: more comes than was asked for.
    pub ignores_filters: bool,
    /// Whether an answer breaks off in the middle, with status 200.
    pub breaks_off: bool,
    /// Whether the Classic API gives each disk one `partition`, as it once did.
    pub one_partition: bool,
    tokens: BTreeMap<String, Instant>,
    given: u32,
}

impl State {
    /// A computer by its id, to change it.
    pub fn computer_mut(&mut self, id: &str) -> Option<&mut Value> {
        self.computers.iter_mut().find(|one| one["id"] == id)
    }

    /// Turns the disk encryption of a computer on or off. Whether there is such a computer.
    pub fn set_encryption(&mut self, id: &str, on: bool) -> bool {
        let Some(computer) = self.computer_mut(id) else { return false };
        encrypt(computer, on);
        true
    }

    /// Turns the firewall of a computer on or off. Whether there is such a computer.
    pub fn set_firewall(&mut self, id: &str, on: bool) -> bool {
        let Some(computer) = self.computer_mut(id) else { return false };
        computer["security"]["firewallEnabled"] = on.into();
        true
    }

    /// Has a computer report at this time.
    pub fn report(&mut self, id: &str, at: Instant) -> bool {
        let Some(computer) = self.computer_mut(id) else { return false };
        computer["general"]["reportDate"] = at.to_rfc3339().into();
        computer["general"]["lastContactTime"] = at.to_rfc3339().into();
        true
    }

    /// Ends all tokens before their time.
    pub fn end_tokens(&mut self) {
        self.tokens.clear();
    }

    /// How many tokens were given.
    pub fn tokens_given(&self) -> u32 {
        self.given
    }

    pub(super) fn give_token(&mut self, now: Instant) -> String {
        self.given += 1;
        let token = format!("jamf-sandbox-token-{}", self.given);
        self.tokens.insert(token.clone(), now + self.token_lasts);
        token
    }

    pub(super) fn takes(&self, token: &str, now: Instant) -> bool {
        self.tokens.get(token).is_some_and(|until| now < *until)
    }
}

fn encrypt(computer: &mut Value, on: bool) {
    let state = if on { "ENCRYPTED" } else { "UNENCRYPTED" };
    let percent = if on { 100 } else { 0 };
    computer["operatingSystem"]["fileVault2Status"] =
        if on { "BOOT_ENCRYPTED" } else { "NOT_ENCRYPTED" }.into();
    computer["diskEncryption"]["bootPartitionEncryptionDetails"] = json!({
        "partitionName": "Macintosh HD (Boot Partition)", "partitionFileVault2State": state,
        "partitionFileVault2Percent": percent,
    });
    // What APFS keeps for itself is never encrypted.
    computer["storage"] = json!({ "disks": [{ "device": "disk0", "partitions": [
        { "name": "Macintosh HD (Boot Partition)", "partitionType": "BOOT", "fileVault2State": state,
          "fileVault2ProgressPercent": percent },
        { "name": "Preboot", "partitionType": "OTHER", "fileVault2State": "UNENCRYPTED",
          "fileVault2ProgressPercent": 0 },
        { "name": "VM", "partitionType": "OTHER", "fileVault2State": "UNENCRYPTED",
          "fileVault2ProgressPercent": 0 },
    ] }] });
}

/// The Mac of somebody, with all as it should be, that reported at this time. Its serial number is `ZZMAC` and its id
/// in five digits.
pub fn mac(id: u32, email: &str, at: Instant) -> Value {
    let at = at.to_rfc3339();
    let person = email.split('@').next().unwrap_or_default();
    let attributes: Vec<Value> = [
        ("1 Auto Check For Updates Enabled", "True"),
        ("2 Get New Updates in Background Enabled", "True"),
        ("3 Install App Updates Enabled", "True"),
        ("4 Install OS X Updates Enabled", "True"),
        ("5 Install Security Updates Enabled", "True"),
        ("6 Install System Data Files Enabled", "True"),
        ("Screen Saver Lock Enabled", "Enabled"),
        ("Remote Login", "Off"),
    ]
    .iter()
    .enumerate()
    .map(|(number, (name, value))| {
        json!({ "definitionId": number.to_string(), "name": name, "dataType": "STRING", "values": [value] })
    })
    .collect();
    let mut computer = json!({
        "id": id.to_string(),
        "udid": format!("1B2C3D4E-0000-4000-8000-{id:012}"),
        "general": {
            "name": format!("mac-{person}"), "platform": "Mac", "reportDate": at, "lastContactTime": at,
            "remoteManagement": { "managed": true },
        },
        "userAndLocation": { "username": person, "realname": person, "email": email },
        "hardware": {
            "model": "MacBook Air (M3)", "modelIdentifier": "Mac15,12", "serialNumber": format!("ZZMAC{id:05}"),
            "macAddress": format!("A4:83:E7:00:{:02X}:{:02X}", id / 256 % 256, id % 256), "altMacAddress": null,
            "appleSilicon": true,
        },
        "operatingSystem": { "name": "macOS", "version": "15.6.1", "build": "24G90" },
        "diskEncryption": { "individualRecoveryKeyValidityStatus": "VALID" },
        "security": {
            "sipStatus": "ENABLED", "gatekeeperStatus": "APP_STORE_AND_IDENTIFIED_DEVELOPERS",
            "firewallEnabled": true, "autoLoginDisabled": true, "remoteDesktopEnabled": false,
        },
        "softwareUpdates": [],
        "applications": [{ "name": "Falcon.app", "version": "7.1", "bundleId": "com.example.falcon" }],
        "services": [{ "name": "com.sentinelone.sentineld" }],
        "extensionAttributes": attributes,
    });
    encrypt(&mut computer, true);
    computer
}

/// The iPhone of somebody, with all as it should be, that reported at this time.
pub fn iphone(id: u32, email: &str, at: Instant) -> Value {
    let person = email.split('@').next().unwrap_or_default();
    json!({
        "mobileDeviceId": id.to_string(),
        "deviceType": "iOS",
        "general": {
            "udid": format!("00008120-{id:016}"), "displayName": format!("iphone-{person}"), "osVersion": "18.6",
            "osBuild": "22G86", "lastInventoryUpdateDate": at.to_rfc3339(), "managed": true, "supervised": true,
        },
        "hardware": {
            "model": "iPhone 15", "modelIdentifier": "iPhone15,4", "serialNumber": format!("ZZPHONE{id:05}"),
            "wifiMacAddress": format!("A4:83:E7:01:{:02X}:{:02X}", id / 256 % 256, id % 256),
        },
        "userAndLocation": { "username": person, "realName": person, "emailAddress": email },
        "security": {
            "dataProtected": true, "hardwareEncryption": 3, "passcodePresent": true, "passcodeCompliant": true,
            "passcodeCompliantWithProfile": true, "passcodeLockGracePeriodEnforcedSeconds": 0,
            "jailBreakDetected": false, "activationLockEnabled": true, "lostModeEnabled": false,
        },
        "network": { "imei": format!("35 000000 {id:06} 0") },
        "applications": [],
    })
}

/// What is there at the beginning.
#[derive(Clone, Debug)]
pub struct World {
    client: (String, String),
    computers: Vec<Value>,
    mobile_devices: Vec<Value>,
}

impl World {
    /// A Jamf that knows this API client and its secret, and no device yet.
    pub fn new(client_id: &str, client_secret: &str) -> Self {
        Self {
            client: (client_id.to_owned(), client_secret.to_owned()),
            computers: Vec::new(),
            mobile_devices: Vec::new(),
        }
    }

    /// A computer, as the Pro API gives it whole; [`mac`] makes one.
    #[must_use]
    pub fn computer(mut self, computer: Value) -> Self {
        self.computers.push(computer);
        self
    }

    /// A mobile device, as the Pro API gives it whole; [`iphone`] makes one.
    #[must_use]
    pub fn mobile_device(mut self, device: Value) -> Self {
        self.mobile_devices.push(device);
        self
    }

    pub(super) fn begin(self) -> State {
        State {
            computers: self.computers,
            mobile_devices: self.mobile_devices,
            versions: BTreeSet::from([1, 3, 4]),
            client: self.client,
            token_lasts: Duration::from_secs(60),
            versioned_tokens: true,
            may_read_computers: true,
            may_read_mobile_devices: true,
            ignores_filters: false,
            breaks_off: false,
            one_partition: false,
            tokens: BTreeMap::new(),
            given: 0,
        }
    }
}
