"""What ComfyUI does that a client can get wrong, fact by fact, and the tests that hold us to it.

Facts of ComfyUI 0.33, and of 0.3.64 where it differs; observed on live servers. Sections without a test
say why.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["REQUIREMENTS", "SECTIONS", "UNTESTED", "Requirement"]


@dataclass(frozen=True, slots=True)
class Requirement:
    """One fact.

    Attributes:
        id: Section and number, such as `4.02`.
        fact: What ComfyUI does.
        tests: Names of the tests that would fail if we got it wrong.
    """

    id: str
    fact: str
    tests: tuple[str, ...]

    @property
    def section(self) -> str:
        """The section it belongs to."""
        return self.id.partition(".")[0]


SECTIONS: Mapping[str, str] = {
    "1": "base rules",
    "2": "routes",
    "3": "POST /prompt",
    "4": "WebSocket",
    "5": "queue, cancel, restart",
    "6": "uploads",
    "7": "/view",
    "8": "shapes of outputs",
    "9": "/object_info",
    "10": "speed",
    "11": "other",
    "12": "0.3.64",
}

UNTESTED: Mapping[str, str] = {
    "10": "measured figures: `make bench` compares with a bare client",
}

REQUIREMENTS: tuple[Requirement, ...] = (
    Requirement(
        "1.01",
        "routes exist with and without /api",
        (
            "test_a_base_path_stands_before_every_route_and_the_socket",
            "test_a_path_finds_its_route_with_and_without_api",
        ),
    ),
    Requirement(
        "1.02",
        "routes of the cloud's openapi.yaml are not there",
        ("test_only_routes_of_a_local_comfyui_are_asked",),
    ),
    Requirement(
        "1.03",
        "no authentication; a proxy may want headers",
        (
            "test_headers_open_every_route_and_the_socket_and_are_never_told",
            "test_headers_and_a_base_path_open_the_door",
        ),
    ),
    Requirement(
        "1.04",
        "unforeseen errors are 500 in text, never JSON",
        (
            "test_an_odd_answer_to_the_post_fails_in_the_end_with_what_was_answered",
            "test_a_proxys_502_is_asked_again_and_a_500_is_not",
        ),
    ),
    Requirement(
        "1.05",
        "an unknown path is 404 and empty, a wrong method 405",
        (
            "test_a_route_that_is_not_there_is_told_from_a_thing_that_is_not_there",
            "test_a_proxys_answer_is_never_taken_for_no_such_prompt",
        ),
    ),
    Requirement(
        "1.06",
        "the body limit covers every request, prompts too",
        (
            "test_a_graph_over_the_body_limit_is_told_with_the_mend",
            "test_a_file_over_comfyuis_body_limit_is_told_with_the_mend",
        ),
    ),
    Requirement(
        "1.07",
        "a foreign Origin is 403, none is fine",
        ("test_a_server_that_looks_at_origins_lets_us_in",),
    ),
    Requirement(
        "1.08",
        "TLS; plain HTTP to its port is a dropped connection",
        (
            "test_tls_by_an_authority_of_ones_own_covers_http_and_the_socket",
            "test_a_certificate_nobody_trusts_is_told_with_the_mend_and_gets_no_prompt",
            "test_plain_http_to_a_tls_port_is_told",
        ),
    ),
    Requirement(
        "1.09",
        "answers may be compressed",
        (
            "test_the_size_of_a_packed_or_unmeasured_answer_is_not_known",
            "test_a_body_that_does_not_unpack_is_no_answer",
        ),
    ),
    Requirement(
        "1.10",
        "no limits of its own: 429 and 503 are a proxy's",
        (
            "test_a_prompt_turned_away_at_the_door_says_why",
            "test_a_prompt_that_never_arrived_is_a_new_attempt_with_a_new_id",
        ),
    ),
    Requirement(
        "1.11",
        "JSON may hold bare NaN and Infinity",
        (
            "test_bare_nan_in_an_output_breaks_nothing",
            "test_json_is_read_with_bare_nan",
            "test_bare_nan_and_infinity_are_read_and_count_as_nothing",
        ),
    ),
    Requirement(
        "2.01",
        "pending prompts come in heap order",
        ("test_pending_prompts_come_in_heap_order_and_are_counted_in_the_order_they_run",),
    ),
    Requirement(
        "2.02",
        "a prompt deleted from the queue vanishes without a word",
        ("test_a_pending_prompt_deleted_by_hand_ends_cancelled_though_nobody_says_so",),
    ),
    Requirement(
        "2.03",
        "history of an unknown prompt is 200 and {}",
        ("test_history_of_an_unknown_prompt_is_an_empty_object_and_not_the_end",),
    ),
    Requirement(
        "2.04",
        "an interrupt without an id stops anybody's run",
        (
            "test_cancelling_stops_that_prompt_and_nobody_elses",
            "test_two_gateways_on_one_comfyui_leave_each_others_prompts_alone",
            "test_only_this_prompt_is_ever_named_for_stopping",
        ),
    ),
    Requirement(
        "2.05",
        "/api/jobs/{id} alone tells pending, running, done and gone apart",
        (
            "test_with_the_jobs_api_one_question_tells",
            "test_an_odd_answer_is_never_taken_for_not_there",
        ),
    ),
    Requirement(
        "2.06",
        "cancelling over the jobs API never hits another",
        (
            "test_the_jobs_api_stops_one_prompt_whatever_it_does",
            "test_stopping_what_is_over_or_unknown_stops_nothing_else",
        ),
    ),
    Requirement(
        "2.07", "an unknown class is 200 and {}", ("test_definitions_come_one_by_one_or_all",)
    ),
    Requirement(
        "2.08",
        "GET /prompt is the cheapest load probe",
        ("test_the_queue_is_counted_where_it_is_told",),
    ),
    Requirement(
        "3.01",
        "a prompt_id is a canonical UUID, in newer versions",
        ("test_a_prompt_id_is_a_uuid_of_ours_and_every_attempt_has_its_own",),
    ),
    Requirement(
        "3.02",
        "POST is not idempotent: the same id runs twice",
        (
            "test_a_lost_answer_to_the_post_is_asked_after_and_the_prompt_runs_once",
            "test_under_faults_and_cancels_every_job_ends_and_no_prompt_is_posted_twice",
            "test_a_post_that_may_have_arrived_is_never_repeated",
            "test_a_slow_answer_to_the_post_is_no_second_post",
        ),
    ),
    Requirement(
        "3.03",
        "a 500 to a prompt may have queued it",
        ("test_a_prompt_in_doubt_is_asked_after_until_an_answer_comes_and_not_posted_again",),
    ),
    Requirement(
        "3.04",
        "extra_data is kept in history and readable by all",
        ("test_nothing_of_the_gateway_goes_into_extra_data_which_everybody_can_read",),
    ),
    Requirement(
        "3.05",
        "an editor workflow is 500 in text",
        (
            "test_an_editors_save_file_with_nothing_to_run_is_refused_before_anything_is_sent",
            "test_an_editors_save_file_is_posted_as_the_graph_that_it_means",
        ),
    ),
    Requirement(
        "3.06",
        "validation errors: shape and words of every kind",
        (
            "test_a_refusal_names_what_is_wrong_and_no_place_on_the_server",
            "test_every_recorded_refusal_reads_well",
        ),
    ),
    Requirement(
        "3.07",
        "a missing class: only the first, in two spellings",
        (
            "test_a_class_it_does_not_have_is_named",
            "test_an_invalid_prompt_of_older_servers",
        ),
    ),
    Requirement(
        "3.08",
        "a list of more than 20 options is left out of the error",
        ("test_a_value_that_is_not_listed",),
    ),
    Requirement(
        "3.09",
        "error.details is mostly empty: node_errors tell",
        ("test_a_wrong_value_is_named_with_its_node",),
    ),
    Requirement(
        "3.10",
        "tracebacks in extra_info show server paths",
        ("test_server_paths_and_hidden_characters_never_pass",),
    ),
    Requirement(
        "3.11",
        "a cycle",
        (
            "test_nodes_in_a_circle_are_refused_before_anything_is_sent",
            "test_nodes_linked_in_a_circle_are_refused",
        ),
    ),
    Requirement(
        "3.12",
        "200 may carry node_errors: a part is dropped, the rest runs",
        ("test_a_graph_refused_in_part_is_withdrawn_whole",),
    ),
    Requirement(
        "3.13",
        'BOOLEAN "false" becomes True',
        ("test_the_text_false_never_reaches_comfyui_which_would_read_it_as_true",),
    ),
    Requirement(
        "3.14", 'STRING null becomes "None"', ("test_null_is_left_out_and_never_the_text_none",)
    ),
    Requirement(
        "3.15",
        'INT takes "32" and 33.9, and true as 1',
        ("test_a_number_is_sent_as_its_own_type_or_refused",),
    ),
    Requirement(
        "3.16",
        "FLOAT NaN passes limits",
        ("test_what_is_no_number_is_refused_here_as_comfyui_would_take_it",),
    ),
    Requirement(
        "3.17",
        "unknown extra inputs are ignored",
        (
            "test_a_misspelt_parameter_is_refused_here_as_comfyui_ignores_unknown_inputs",
            "test_an_unknown_extra_input_makes_a_node_run_again",
        ),
    ),
    Requirement(
        "3.18",
        "a DynamicCombo with an unknown key fails only at run time",
        (
            "test_what_comfyui_would_refuse_is_told",
            "test_a_child_of_a_dynamic_combo_exists_only_under_its_key",
        ),
    ),
    Requirement(
        "3.19",
        "any list is a link; a literal one is wrapped",
        (
            "test_a_literal_list_is_wrapped_so_that_it_is_no_link",
            "test_an_argument_never_becomes_a_link",
            "test_a_text_of_template_and_link_signs_arrives_as_it_is",
        ),
    ),
    Requirement(
        "4.01",
        "only the first frame sets feature flags",
        ("test_the_first_frame_asks_for_previews_that_name_their_prompt",),
    ),
    Requirement(
        "4.02",
        "the end mark is executing with node null, not execution_success",
        (
            "test_the_end_mark_is_the_end_and_execution_success_is_not",
            "test_execution_success_is_not_the_end",
        ),
    ),
    Requirement(
        "4.03",
        "execution_error may be a block and no failure",
        (
            "test_a_blocked_node_is_no_failure_and_what_else_was_made_comes_home",
            "test_a_blocked_node_is_no_failure_and_success_follows",
        ),
    ),
    Requirement(
        "4.04",
        "a silent block is a success without outputs",
        ("test_a_silent_block_is_a_run_with_no_output",),
    ),
    Requirement(
        "4.05",
        "failed and interrupted prompts keep what finished",
        (
            "test_a_failed_run_keeps_the_outputs_of_nodes_that_finished",
            "test_a_prompt_interrupted_by_hand_ends_cancelled_with_its_partial_outputs",
        ),
    ),
    Requirement(
        "4.06",
        "failures inside expanded nodes name the parent",
        (
            "test_a_failure_inside_an_expanded_node_is_that_of_the_graphs_node",
            "test_outputs_of_an_expanded_node_belong_to_the_graphs_node",
        ),
    ),
    Requirement(
        "4.07",
        "exception messages end with a newline; out of memory has its own type",
        (
            "test_a_failed_run_keeps_the_outputs_of_nodes_that_finished",
            "test_running_out_of_memory_is_told_apart",
        ),
    ),
    Requirement(
        "4.08",
        "strangers' progress comes to every socket",
        (
            "test_runs_of_others_are_not_taken_for_ours",
            "test_messages_of_other_prompts_and_of_none_change_nothing",
        ),
    ),
    Requirement(
        "4.09",
        "executing on connect has no prompt_id",
        (
            "test_a_late_connection_still_sees_the_end",
            "test_who_comes_late_can_still_ask",
        ),
    ),
    Requirement(
        "4.10",
        "nothing is replayed after a reconnection",
        (
            "test_a_run_that_ends_while_the_socket_is_away_is_found_by_asking",
            "test_wherever_the_socket_drops_the_run_comes_home_once",
        ),
    ),
    Requirement(
        "4.11",
        "the same client id twice goes deaf",
        (
            "test_a_loss_is_told_to_every_follower_within_a_second_and_so_is_the_return",
            "test_wherever_the_socket_drops_the_run_comes_home_once",
        ),
    ),
    Requirement(
        "4.12",
        "frames of 3 MiB and more",
        ("test_three_mebibytes_of_executed_text_do_not_break_the_connection",),
    ),
    Requirement(
        "4.13",
        "a crash closes without a close frame",
        (
            "test_a_restart_in_mid_run_is_another_attempt_under_another_id",
            "test_a_server_that_died_leaves_the_run_open",
        ),
    ),
    Requirement(
        "4.14",
        "binary frames of types 1, 3 and 4",
        (
            "test_a_binary_frame_is_read",
            "test_pictures_of_work_under_way_are_no_outputs",
        ),
    ),
    Requirement(
        "4.15",
        "executed may be null, and comes again for cached nodes",
        (
            "test_executed_ends_a_node_and_an_empty_output_is_none",
            "test_a_cached_rerun_whose_file_was_deleted_is_run_again",
        ),
    ),
    Requirement(
        "4.16",
        "progress_state and its older form",
        ("test_an_older_server_without_progress_state_is_followed_by_executing_and_progress",),
    ),
    Requirement(
        "4.17",
        "odd and unknown messages",
        (
            "test_no_frame_whatever_makes_decode_raise",
            "test_every_message_twice_changes_nothing",
        ),
    ),
    Requirement(
        "5.01",
        "a restart loses queue, run and history",
        (
            "test_a_restart_in_mid_run_is_another_attempt_under_another_id",
            "test_a_restart_loses_queued_prompts_too_and_all_of_them_run_again",
            "test_a_restart_for_every_attempt_uses_the_attempts_up",
            "test_after_a_crash_the_files_are_sent_again_before_the_next_attempt",
            "test_a_gateway_closed_as_soon_as_it_began_leaves_nothing_behind",
        ),
    ),
    Requirement(
        "5.02",
        "history is capped and can be cleared",
        ("test_a_history_that_was_cleared_before_anybody_asked_is_no_loss",),
    ),
    Requirement(
        "5.03",
        "interrupted prompts are errors in history, cancelled in the jobs API",
        (
            "test_a_prompt_interrupted_by_hand_ends_cancelled_with_its_partial_outputs",
            "test_an_interrupted_prompt_is_told_from_a_failed_one",
        ),
    ),
    Requirement(
        "5.04",
        "an interrupt is only a flag: a deaf node runs on",
        ("test_a_node_that_never_looks_is_cancelled_all_the_same_and_the_slot_is_free_again",),
    ),
    Requirement(
        "5.05",
        "interrupting by id is check, then act",
        (
            "test_a_prompt_that_begins_while_it_is_taken_out_is_interrupted",
            "test_an_older_server_is_interrupted_only_where_ours_runs",
        ),
    ),
    Requirement(
        "5.06",
        "the order of outputs is not stable",
        ("test_outputs_come_in_the_graphs_order_whatever_order_history_has",),
    ),
    Requirement(
        "5.07",
        "a stop closes the port; later it is another process",
        (
            "test_a_port_closed_for_a_while_is_waited_out_and_nothing_runs_again",
            "test_a_death_is_told_by_name_within_a_second",
            "test_a_backend_that_is_dead_beyond_the_grace_fails_the_job",
            "test_a_call_made_while_the_backend_is_down_runs_once_it_is_back",
            "test_a_server_that_takes_questions_and_never_answers_is_told",
        ),
    ),
    Requirement(
        "5.08",
        "several backends, one of which dies",
        (
            "test_when_one_of_two_backends_is_dead_the_other_does_all_the_work",
            "test_when_one_of_two_backends_restarts_its_runs_go_on_somewhere",
        ),
    ),
    Requirement(
        "5.09",
        "one prompt at a time, whoever posted it",
        (
            "test_a_run_over_its_queue_timeout_is_taken_out_of_comfyuis_queue",
            "test_a_run_over_its_timeout_is_stopped_and_keeps_what_it_left",
            "test_a_job_goes_on_with_the_service_it_was_accepted_with_whatever_is_edited",
        ),
    ),
    Requirement(
        "6.01",
        "the field is called image for every kind of file",
        ("test_sound_goes_through_the_upload_of_pictures_too",),
    ),
    Requirement(
        "6.02",
        "same name, same bytes: the same file",
        ("test_the_same_file_twice_is_one_file_there",),
    ),
    Requirement(
        "6.03",
        "same name, other bytes: renamed",
        ("test_the_name_comfyui_returns_is_used_when_it_renames_an_upload",),
    ),
    Requirement(
        "6.04",
        "bad names are 400 or 500; nothing of an answer is trusted",
        ("test_an_upload_that_was_not_taken_is_no_prompt",),
    ),
    Requirement(
        "6.05",
        "/upload/mask may answer 200 and write nothing",
        ("test_a_mask_is_sent_as_it_is_and_never_to_the_route_for_masks",),
    ),
    Requirement(
        "6.06",
        "LoadImage reads absolute paths and ../ too",
        (
            "test_a_callers_text_never_reaches_load_image_which_would_read_any_file",
            "test_a_link_out_of_the_open_folder_is_not_followed",
        ),
    ),
    Requirement(
        "6.07",
        "a file is named by folder and name in the graph",
        (
            "test_a_picture_arrives_with_its_bytes_under_a_name_of_its_own",
            "test_an_output_of_one_job_is_the_input_of_the_next",
        ),
    ),
    Requirement(
        "7.01",
        "a missing file is 404",
        ("test_a_file_gone_before_it_was_fetched_is_named_and_the_others_come_home",),
    ),
    Requirement(
        "7.02",
        "names that lead out are 400 or 403",
        ("test_a_file_that_leads_out_of_comfyuis_folders_is_missing_and_never_asked_for",),
    ),
    Requirement(
        "7.03",
        "a folder inside filename is dropped",
        (
            "test_a_file_under_a_key_nobody_knows_comes_home",
            "test_files_of_one_name_in_two_folders_are_two_files",
        ),
    ),
    Requirement(
        "7.04",
        "dangerous types come as plain bytes",
        (
            "test_output_files_that_browsers_would_run_come_home_as_they_are",
            "test_a_file_answered_as_a_login_page_is_never_taken_for_the_file",
            "test_a_file_that_cannot_be_had_within_the_grace_fails_the_job",
        ),
    ),
    Requirement(
        "7.05",
        "a cached re-run names the old file, gone or not",
        (
            "test_a_cached_rerun_whose_file_was_deleted_is_run_again",
            "test_the_same_call_twice_makes_files_of_its_own_each_time",
        ),
    ),
    Requirement(
        "7.06",
        "large files",
        (
            "test_a_large_output_is_streamed_and_never_held_whole",
            "test_a_slow_output_is_waited_for_as_long_as_something_comes",
        ),
    ),
    Requirement(
        "7.07",
        "%date% in prefixes is the editor's, %width% the server's",
        ("test_a_prefix_keeps_its_dates_and_the_server_expands_the_rest",),
    ),
    Requirement(
        "7.08",
        "a prefix that leads out fails at run time",
        ("test_a_prefix_that_callers_may_set_leads_nowhere_outside",),
    ),
    Requirement(
        "8.01",
        "images, batches, several output nodes",
        (
            "test_every_picture_of_a_batch_comes_home_counted_from_zero",
            "test_several_output_nodes_come_in_the_order_of_the_graph_named_ones_first",
        ),
    ),
    Requirement("8.02", "previews are of type temp", ("test_a_preview_is_marked_as_temporary",)),
    Requirement(
        "8.03",
        "animations: images with animated",
        ("test_animated_pictures_are_animations_and_not_images",),
    ),
    Requirement(
        "8.04",
        "videos are told under images",
        (
            "test_a_saved_video_is_told_under_images_and_is_a_video_all_the_same",
            "test_webm_is_a_video",
        ),
    ),
    Requirement("8.05", "audio", ("test_audio_comes_home_under_its_own_type",)),
    Requirement(
        "8.06",
        "texts, and texts with files",
        (
            "test_a_text_is_an_output_without_a_file",
            "test_a_saved_text_is_a_text_and_a_file",
        ),
    ),
    Requirement("8.07", "latents", ("test_a_latent_comes_home",)),
    Requirement("8.08", "3D", ("test_a_model_comes_home_from_the_key_3d",)),
    Requirement(
        "8.09", "a_images and b_images", ("test_pictures_to_compare_come_home_from_both_keys",)
    ),
    Requirement(
        "8.10",
        "gifs, with a path of the server",
        ("test_the_videos_of_a_node_pack_come_from_gifs_without_the_servers_paths",),
    ),
    Requirement(
        "8.11",
        "any key, values that are no lists",
        ("test_a_file_under_a_key_nobody_knows_comes_home",),
    ),
    Requirement(
        "8.12", "runs without output", ("test_a_run_without_any_output_is_completed_and_says_so",)
    ),
    Requirement(
        "9.01",
        "both forms of combos, V1 and V3 nodes, absent keys",
        (
            "test_both_forms_of_a_combo_are_read",
            "test_a_v1_node_is_read_whole",
            "test_every_class_of_a_whole_recording_is_read",
        ),
    ),
    Requirement(
        "9.02",
        "integers above 2^53",
        (
            "test_a_seed_above_two_to_the_53_arrives_exactly",
            "test_a_seed_beyond_2_53_is_accepted_from_a_caller",
        ),
    ),
    Requirement(
        "9.03",
        "dynamicPrompts are the editor's business",
        ("test_dynamic_prompts_are_resolved_here_as_only_the_editor_knows_them",),
    ),
    Requirement(
        "9.04",
        "control_after_generate is the editor's: seeds stay",
        ("test_the_same_call_never_gets_another_seed_by_itself",),
    ),
    Requirement(
        "9.05",
        "DynamicCombo: flat dotted inputs, nested",
        (
            "test_a_saved_video_is_told_under_images_and_is_a_video_all_the_same",
            "test_the_keys_that_bring_an_input_are_told",
        ),
    ),
    Requirement(
        "9.06",
        "Autogrow",
        (
            "test_grown_inputs_are_found_by_prefix_and_number",
            "test_grown_inputs_are_found_by_given_names",
        ),
    ),
    Requirement(
        "9.07",
        "hidden inputs are never sent",
        ("test_hidden_inputs_of_v1_and_v3_are_known_by_name_and_are_no_inputs",),
    ),
    Requirement(
        "9.08", "bare Infinity in definitions", ("test_definitions_may_hold_bare_infinity",)
    ),
    Requirement(
        "9.09",
        "junk in definitions",
        (
            "test_junk_never_raises",
            "test_a_broken_entry_is_left_out_and_its_neighbours_stay",
        ),
    ),
    Requirement(
        "11.01",
        "messages may come before the answer to the POST",
        ("test_messages_that_come_before_the_answer_to_the_post_are_not_lost",),
    ),
    Requirement(
        "11.02",
        "a server may choose the prompt_id",
        ("test_a_server_that_ignores_our_prompt_id_is_followed_under_its_own",),
    ),
    Requirement(
        "11.03",
        "node ids are text; titles are for people",
        ("test_a_prompt_is_read_with_links_titles_and_the_order_of_the_file",),
    ),
    Requirement(
        "12.01",
        "no jobs API: queue, then history",
        (
            "test_an_older_server_is_asked_for_queue_then_history",
            "test_that_a_server_is_older_is_remembered_until_it_may_be_another",
        ),
    ),
    Requirement(
        "12.02",
        "other words for a missing class and a cycle",
        (
            "test_older_servers_refuse_in_the_same_words",
            "test_a_cycle_on_older_servers_has_no_node_to_blame",
        ),
    ),
    Requirement(
        "12.03",
        "SaveVideo takes flat names",
        (
            "test_a_saved_video_is_told_under_images_and_is_a_video_all_the_same",
            "test_the_recorded_versions_differ_where_comfyui_changed",
        ),
    ),
)
