//! One set of stories for both databases, and some for each.

mod chain;
mod durability;
mod model;
pub(crate) mod places;
mod postgres_only;
pub(crate) mod samples;
mod sqlite_only;
mod stories;

/// Runs each story against SQLite and against PostgreSQL.
macro_rules! both {
    ($($story:ident)*) => {
        mod on_sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $story() {
                super::stories::$story(super::places::Place::sqlite()).await;
            })*
        }
        mod on_postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $story() {
                super::stories::$story(super::places::Place::postgres()).await;
            })*
        }
    };
}

both! {
    a_command_is_received_once
    a_known_key_writes_nothing
    keys_are_told_apart_within_a_batch
    of_a_hundred_at_once_one_is_new
    a_conflict_writes_nothing
    of_many_changes_at_once_one_wins
    what_is_not_named_stays
    unfinished_is_what_goes_on_or_was_not_said
    a_row_that_cannot_be_read_does_not_hold_up_the_others
    steps_keep_their_first_start_and_their_order
    the_audit_is_append_only
    the_audit_gives_the_newest
    clicks_are_received_once_and_dealt_with
    all_is_there_after_a_restart
    one_bad_write_does_not_fail_the_others
    any_text_comes_back_as_it_was
    old_keys_are_forgotten_after_a_week
    clicks_that_are_done_are_forgotten_after_a_week
    one_open_click_is_found_by_its_key
    whoever_was_replaced_cannot_seal
    bodies_go_only_where_a_seal_says_so
    what_a_lease_refers_to_is_not_forgotten
    a_state_that_is_none_is_refused
    probing_writes
    what_is_due_is_received_once_and_then_not_due
    what_is_kept_with_a_booking_is_one_with_it
    what_is_put_down_again_replaces_what_was_there
    leases_run_until_they_are_ended
    what_is_kept_is_found_by_how_its_key_begins
    history_finds_plans_by_what_they_are_about
    a_change_and_what_it_books_are_one
}
