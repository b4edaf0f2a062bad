//! Addresses of network interfaces that more than one device can have. They identify nothing.
//!
//! Makers and their ranges are in IEEE's registry of MA-L assignments. That an address is the same on every
//! installation is what the adapters' users report; each was seen in several public inventories.

/// Ranges from which software gives addresses to virtual adapters, again and again the same ones. (Those of Docker,
/// QEMU, and VirtualBox's host-only adapters are locally administered, and thus out already.)
const VIRTUAL: [[u8; 3]; 13] = [
    [0x00, 0x05, 0x69], // VMware
    [0x00, 0x0c, 0x29], // VMware
    [0x00, 0x1c, 0x14], // VMware
    [0x00, 0x50, 0x56], // VMware
    [0x08, 0x00, 0x27], // VirtualBox
    [0x00, 0x03, 0xff], // Virtual PC
    [0x00, 0x15, 0x5d], // Hyper-V
    [0x00, 0x1c, 0x42], // Parallels
    [0x00, 0x0f, 0x4b], // Virtual Iron, Oracle VM
    [0x00, 0x16, 0x3e], // Xen
    [0x00, 0x1a, 0x4a], // Red Hat Virtualization
    [0x50, 0x6b, 0x8d], // Nutanix
    [0xbc, 0x24, 0x11], // Proxmox
];

/// Makers of docks and USB adapters, which go from one laptop to another.
const ADAPTERS: [[u8; 3]; 6] = [
    [0x00, 0x0e, 0xc6], // ASIX
    [0x00, 0xe0, 0x4c], // Realtek's own range, as in adapters whose maker has none
    [0x00, 0x50, 0xb6], // Good Way
    [0x00, 0x24, 0x9b], // Action Star
    [0x9c, 0xeb, 0xe8], // BizLink
    [0xa0, 0xce, 0xc8], // CE Link
];

/// Addresses that are the same on every machine with that software or modem.
const FIXED: [[u8; 6]; 8] = [
    [0x00, 0x05, 0x9a, 0x3c, 0x78, 0x00], // Cisco's VPN client
    [0x00, 0x05, 0x9a, 0x3c, 0x7a, 0x00], // Cisco AnyConnect
    [0x00, 0x09, 0x0f, 0xaa, 0x00, 0x01], // FortiClient
    [0x00, 0x09, 0x0f, 0xfe, 0x00, 0x01], // FortiClient
    [0x0c, 0x5b, 0x8f, 0x27, 0x9a, 0x64], // Huawei HiLink modems
    [0x00, 0x53, 0x45, 0x00, 0x00, 0x00], // adapters that Windows makes up
    [0x50, 0x50, 0x54, 0x50, 0x30, 0x30], // WAN Miniport of Windows: the letters "PPTP00"
    [0x20, 0x41, 0x53, 0x59, 0x4e, 0xff], // the asynchronous adapter of Windows: "ASYN"
];

/// Whether the address can be that of several devices.
pub(crate) fn is_shared(bytes: [u8; 6]) -> bool {
    let [a, b, c, ..] = bytes;
    let maker = [a, b, c];
    // The lowest two bits of the first byte: group, and locally administered (IEEE 802-2014, 8.2).
    a & 0b11 != 0
        || maker == [0, 0, 0]
        || VIRTUAL.contains(&maker)
        || ADAPTERS.contains(&maker)
        || FIXED.contains(&bytes)
}
