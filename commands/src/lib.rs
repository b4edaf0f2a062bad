//! The commands that ship with HubCommander, one folder per plugin
