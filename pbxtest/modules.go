package pbxtest

import (
	"os"
	"strings"
)

// modules are what an instance loads, with autoload=no: it starts in about a
// second. A version that lacks one (Asterisk 16 has no res_websocket_client)
// goes without.
const modules = `
res_sorcery_config res_sorcery_memory res_sorcery_memory_cache res_sorcery_astdb res_timing_timerfd res_crypto
res_curl func_curl res_http_media_cache res_http_websocket res_websocket_client res_musiconhold res_rtp_asterisk res_srtp res_convert
res_geolocation res_pjproject res_statsd
res_pjsip res_pjsip_session res_pjsip_pubsub res_pjsip_authenticator_digest res_pjsip_outbound_authenticator_digest
res_pjsip_endpoint_identifier_user res_pjsip_endpoint_identifier_ip res_pjsip_endpoint_identifier_anonymous
res_pjsip_caller_id res_pjsip_dtmf_info res_pjsip_header_funcs res_pjsip_sdp_rtp res_pjsip_nat res_pjsip_registrar
res_pjsip_refer res_pjsip_rfc3326 res_pjsip_messaging res_pjsip_notify res_pjsip_logger res_pjsip_diversion res_pjsip_acl
res_pjsip_exten_state res_pjsip_dialog_info_body_generator res_pjsip_pidf_body_generator res_pjsip_mwi res_pjsip_mwi_body_generator
res_pjsip_transport_websocket res_pjsip_path res_pjsip_dlg_options res_pjsip_outbound_registration res_pjsip_t38 res_pjsip_outbound_publish res_rtp_multicast
chan_pjsip chan_bridge_media chan_rtp chan_websocket
bridge_simple bridge_native_rtp bridge_holding bridge_softmix bridge_builtin_features
res_stasis res_stasis_answer res_stasis_device_state res_stasis_playback res_stasis_recording res_stasis_snoop app_stasis
res_ari_model res_ari res_ari_applications res_ari_asterisk res_ari_bridges res_ari_channels res_ari_device_states
res_ari_endpoints res_ari_events res_ari_playbacks res_ari_recordings res_ari_sounds
pbx_config app_dial app_queue app_playback app_echo app_amd app_record app_mixmonitor app_milliwatt app_playtones app_verbose app_read app_senddtmf
app_stack app_userevent app_originate res_fax res_fax_spandsp res_manager_devicestate
func_callerid func_channel func_uri func_pjsip_endpoint func_pjsip_aor func_pjsip_contact func_timeout func_logic func_strings func_devstate
func_global func_hangupcause func_talkdetect func_jitterbuffer func_rand func_math func_cut func_db
codec_ulaw codec_alaw codec_a_mu codec_gsm codec_g722 codec_opus_open_source codec_resample res_format_attr_opus
format_gsm format_wav format_wav_gsm format_sln format_pcm
`

// modulesConf is modules.conf for the modules that dir, the version's module folder, has.
func modulesConf(dir string, more []string) string {
	var b strings.Builder
	b.WriteString("[modules]\nautoload=no\n")
	for _, name := range append(strings.Fields(modules), more...) {
		if _, err := os.Stat(dir + "/" + name + ".so"); err == nil {
			b.WriteString("load=" + name + ".so\n")
		}
	}
	return b.String()
}
