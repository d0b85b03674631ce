"""Holes that bridges to ComfyUI and other tool servers were found with, and the tests that keep ours shut."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["HOLES", "Hole"]


@dataclass(frozen=True, slots=True)
class Hole:
    """One way in.

    Attributes:
        number: From 1, without gaps.
        hole: What went wrong elsewhere.
        tests: Names of the tests that would fail if it went wrong here.
    """

    number: int
    hole: str
    tests: tuple[str, ...]


HOLES: tuple[Hole, ...] = (
    Hole(
        1,
        "path joins accept what climbs out of a folder",
        (
            "test_no_path_reads_what_is_outside",
            "test_no_key_leads_out_of_the_folder",
            "test_nothing_outside_workflows_is_ever_read",
            "test_whatever_comfyui_calls_a_file_it_is_kept_inside_the_jobs_folder",
        ),
    ),
    Hole(
        2,
        "a caller's text is pasted into generated code",
        (
            "test_no_code_is_ever_made_of_text",
            "test_template_code_in_an_argument_is_text",
        ),
    ),
    Hole(
        3,
        "a caller's file name or id becomes a path that is written",
        (
            "test_no_built_in_tool_takes_a_graph_a_path_or_a_url",
            "test_any_text_becomes_a_safe_name_that_stays",
            "test_whatever_is_wrong_with_a_link_is_404",
        ),
    ),
    Hole(
        4,
        "a name from a URL reaches a file path",
        (
            "test_whatever_is_wrong_with_a_link_is_404",
            "test_a_resource_that_is_not_there_is_32602_with_its_uri",
            "test_a_workflow_is_never_outside_of_its_folder",
        ),
    ),
    Hole(
        5,
        "any local file is uploaded, then viewed",
        (
            "test_a_callers_text_never_reaches_load_image_which_would_read_any_file",
            "test_a_loader_nothing_is_known_of_takes_no_text_whatever_it_loads_now",
            "test_a_link_out_of_the_open_folder_is_not_followed",
            "test_without_keys_the_caller_is_local_but_no_path_is_read_or_shown",
        ),
    ),
    Hole(
        6,
        "/view is asked for what climbs out",
        (
            "test_a_file_that_leads_out_of_comfyuis_folders_is_missing_and_never_asked_for",
            "test_a_file_that_climbs_out_is_never_asked_for",
        ),
    ),
    Hole(
        7,
        "a save node writes where the caller says",
        ("test_a_prefix_that_callers_may_set_leads_nowhere_outside",),
    ),
    Hole(
        8,
        "a URL of the caller's reaches the inner network",
        (
            "test_no_address_of_this_machine_or_network_is_asked",
            "test_the_address_that_was_looked_at_is_the_one_connected_to",
            "test_every_redirect_is_guarded_as_the_first_request",
            "test_no_host_with_an_address_that_is_not_public_is_ever_connected_to",
            "test_no_address_of_this_machine_is_told_unless_it_is_listed",
            "test_a_name_that_leads_inwards_is_not_told_and_a_listed_one_is",
            "test_a_redirect_to_a_private_address_is_not_followed",
            "test_validate_refuses_a_host_that_is_not_listed_and_shows_no_secret",
        ),
    ),
    Hole(
        9,
        "a page in a browser drives the server",
        (
            "test_dns_rebinding_is_refused_with_421",
            "test_pages_of_other_sites_are_refused_with_403",
        ),
    ),
    Hole(
        10,
        "every address is listened on without a key",
        (
            "test_no_other_address_is_listened_on_without_a_key",
            "test_any_other_address_needs_a_key",
        ),
    ),
    Hole(
        11,
        "secrets are shown, logged or kept in clear",
        (
            "test_no_finding_ever_shows_a_key",
            "test_the_values_of_variables_are_in_no_finding",
            "test_headers_do_not_show_in_the_repr_of_a_backend",
            "test_the_secret_of_webhooks_is_shown_by_nothing_that_holds_it",
            "test_the_secret_and_the_url_are_in_no_file_and_in_no_answer",
            "test_headers_open_every_route_and_the_socket_and_are_never_told",
            "test_nothing_of_the_gateway_goes_into_extra_data_which_everybody_can_read",
        ),
    ),
    Hole(
        12,
        "keys are declared and not enforced",
        (
            "test_without_a_known_key_nothing_is_answered",
            "test_keys_do_not_see_each_others_jobs_and_files",
            "test_a_task_is_its_callers_only",
            "test_a_session_of_one_key_is_not_there_for_another",
        ),
    ),
    Hole(13, "generated functions are executed", ("test_no_code_is_ever_made_of_text",)),
    Hole(
        14, "ComfyUI is started with open doors", ("test_no_comfyui_is_ever_started_and_no_shell",)
    ),
    Hole(
        15,
        "node packs and pickles are installed for a caller",
        (
            "test_no_built_in_tool_takes_a_graph_a_path_or_a_url",
            "test_no_code_is_ever_made_of_text",
        ),
    ),
    Hole(
        16,
        "raw graphs bring nodes that run code",
        (
            "test_no_built_in_tool_takes_a_graph_a_path_or_a_url",
            "test_an_argument_never_becomes_a_link",
            "test_accepted_arguments_set_widgets_and_never_a_link",
        ),
    ),
    Hole(
        17,
        "paid nodes are run unasked",
        ("test_a_node_that_costs_money_is_warned_of_and_still_bound",),
    ),
    Hole(
        18,
        "tools write to a path of the caller's",
        ("test_no_built_in_tool_takes_a_graph_a_path_or_a_url",),
    ),
    Hole(
        19,
        "pictures that unpack without end",
        (
            "test_a_decompression_bomb_is_not_decoded",
            "test_a_damaged_picture_never_raises",
            "test_a_file_that_never_ends_is_cut_at_the_limit",
        ),
    ),
    Hole(
        20,
        "text of nodes and models instructs the model",
        (
            "test_hidden_and_control_characters_of_nodes_do_not_reach_a_model",
            "test_hidden_and_control_characters_go_and_visible_ones_stay",
            "test_a_tooltip_is_cleaned_before_a_model_reads_it",
        ),
    ),
    Hole(
        21,
        "errors tell paths, tokens and tracebacks",
        (
            "test_no_traceback_and_no_path_of_the_server_is_told",
            "test_no_path_of_this_machine_and_no_file_as_text_is_told",
            "test_what_goes_wrong_never_names_the_url_or_the_secret",
            "test_a_refusal_names_what_is_wrong_and_no_place_on_the_server",
            "test_pitfall_4_every_exception_is_a_result_and_hides_nothing_of_use",
        ),
    ),
    Hole(
        22,
        "credentials follow a redirect",
        (
            "test_a_redirect_is_never_followed_so_credentials_stay_at_their_origin",
            "test_the_handshake_is_never_led_elsewhere_with_its_headers",
            "test_nothing_of_ours_is_sent_along",
            "test_nothing_of_ours_is_sent_along_to_a_receiver",
        ),
    ),
)
