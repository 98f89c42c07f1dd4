<?php

// SimpleSAMLphp as an identity provider of the center; what differs between runs is in the environment.

$folder = getenv('SIMPLESAMLPHP_CONFIG_DIR');

$config = [
    'baseurlpath' => getenv('PEER_URL'),
    'certdir' => "$folder/cert/",
    'loggingdir' => "$folder/log/",
    'datadir' => "$folder/data/",
    'tempdir' => "$folder/tmp",
    'metadatadir' => "$folder/metadata",
    'secretsalt' => 'of no value outside this test',
    'auth.adminpassword' => 'of no value outside this test',
    'admin.checkforupdates' => false,
    'timezone' => 'UTC',
    'logging.handler' => 'file',
    'logging.level' => SimpleSAML\Logger::NOTICE,
    'showerrors' => true,
    'errorreporting' => false,
    'enable.saml20-idp' => true,
    'module.enable' => ['exampleauth' => true],
    'session.phpsession.savepath' => "$folder/sessions",
    'session.cookie.secure' => false,
    'language.cookie.secure' => false,
    'language.default' => 'en',
    'store.type' => 'phpsession',
    // The service provider as its own metadata file describes it.
    'metadata.sources' => [
        ['type' => 'flatfile'],
        ['type' => 'xml', 'file' => getenv('PEER_SP_METADATA')],
    ],
];
